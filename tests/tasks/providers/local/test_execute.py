"""A command beside a replica's program, on the local target."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from infra_specs.plan.instance import Instance
from tasks.providers.local import LocalProvider
from tests.tasks.providers.executing import ExecuteContract
from tests.tasks.providers.local.world import database, made, replica, volume

pytestmark = pytest.mark.local


class TestLocal(ExecuteContract):
    @pytest.fixture
    def one(self, provider: LocalProvider) -> Instance:
        return made(provider, replica(env={"MODE": "fast"}))

    @pytest.fixture
    def opens(self, home: Path) -> str:
        return (
            "from pathlib import Path\nfrom tasks.providers.local import LocalProvider\n"
            f"provider = LocalProvider(Path({str(home)!r}))"
        )

    @pytest.fixture
    def sizes(self) -> Sequence[str]:
        return ["stty", "size"]


def test_nothing_runs_in_a_volume(provider: LocalProvider) -> None:
    with pytest.raises(ProviderError, match="volume/database of stack shop is no process that runs"):
        provider.execute(made(provider, volume()), ["date"], terminal=False)


def test_the_databases_own_programs_find_it_and_are_let_in(
    provider: LocalProvider, capfd: pytest.CaptureFixture[str]
) -> None:
    server = made(provider, database(made(provider, volume()).outputs["path"]))
    assert provider.execute(server, ["psql", "-tAc", "SELECT current_database()"], terminal=False) == 0
    assert provider.execute(server, ["pg_dump", "--schema-only"], terminal=False) == 0
    said = capfd.readouterr().out
    assert said.startswith("app\n")
    assert "PostgreSQL database dump complete" in said
