"""The local target's databases pass the contract of those that are backed up."""

from collections.abc import Iterator

import pytest

from infra_specs.resources.instance import Instance
from tasks.providers.local import LocalProvider
from tests.tasks.providers.contract.databases import DatabasesContract, sql
from tests.tasks.providers.local.world import database, made, opened, volume

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def provider() -> Iterator[LocalProvider]:
    with opened() as provider:
        yield provider


@pytest.fixture(scope="module")
def running(provider: LocalProvider) -> Instance:
    return made(provider, database(made(provider, volume()).outputs["path"]))


@pytest.fixture
def server(provider: LocalProvider, running: Instance) -> Instance:
    """The one server, whose database is empty again."""
    for statement in ("DROP DATABASE app WITH (FORCE)", "CREATE DATABASE app TEMPLATE template0"):
        sql(provider, running, statement, "template1")
    return running


class TestLocalDatabases(DatabasesContract):
    """With PostgreSQL's programs of the wheel, over loopback."""
