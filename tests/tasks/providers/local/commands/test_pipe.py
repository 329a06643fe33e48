"""A command between two ends, on the local target."""

import io

import pytest

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from tasks.providers.local import LocalProvider
from tests.tasks.providers.contract.pipe import PipeContract
from tests.tasks.providers.local.world import database, made, replica, volume

pytestmark = [pytest.mark.local, pytest.mark.proof]


class TestLocal(PipeContract):
    @pytest.fixture
    def one(self, provider: LocalProvider) -> Instance:
        return made(provider, replica(env={"MODE": "fast"}))


def test_what_is_not_there_says_so(provider: LocalProvider) -> None:
    with pytest.raises(ProviderError, match="no-such-program is not there: install it"):
        provider.shell.pipe(made(provider, replica()), ["no-such-program"], io.BytesIO(), io.BytesIO())


def test_nothing_is_piped_through_a_volume(provider: LocalProvider) -> None:
    with pytest.raises(ProviderError, match="volume/database of stack shop is no process that runs"):
        provider.shell.pipe(made(provider, volume()), ["cat"], io.BytesIO(), io.BytesIO())


def test_a_database_is_copied_through_it(provider: LocalProvider) -> None:
    server = made(provider, database(made(provider, volume()).outputs["path"]))

    def piped(command: list[str], source: bytes = b"") -> bytes:
        sink = io.BytesIO()
        assert provider.shell.pipe(server, command, io.BytesIO(source), sink) == 0
        return sink.getvalue()

    piped(["psql", "-q"], b"CREATE TABLE note AS SELECT repeat('kept ', 20000) AS text;")
    copy = piped(["pg_dump", "--format=custom"])
    assert copy.startswith(b"PGDMP")
    piped(["psql", "-q"], b"DROP TABLE note;")
    piped(["pg_restore", "--dbname=app"], copy)
    assert piped(["psql", "-tAc", "SELECT length(text) FROM note"]) == b"100000\n"
