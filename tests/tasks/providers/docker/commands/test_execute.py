"""A command beside a replica's program, on the docker target."""

import io
from collections.abc import Sequence

import pytest

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.stackfile.models.target import Docker
from tasks.providers.docker import DockerProvider
from tasks.providers.seam.parts import PIPE_BYTES
from tests.tasks.providers.contract.pipe import PipeContract
from tests.tasks.providers.contract.shell import ExecuteContract
from tests.tasks.providers.docker.docker_world import made, replica, volume

pytestmark = [pytest.mark.docker, pytest.mark.proof]


@pytest.fixture
def one(provider: DockerProvider, images: dict[str, str]) -> Instance:
    return made(provider, replica(images, image=images["tenfold-sample:1"], env={"MODE": "fast"}))


class TestPipe(PipeContract):
    most_taken = 16 * PIPE_BYTES
    """The engine holds some, and so do the sockets to it and the pipes behind it."""


class TestExecute(ExecuteContract):
    @pytest.fixture
    def opens(self, target: Docker) -> str:
        return (
            "from infra_specs.stackfile.models.target import Docker\n"
            "from tasks.providers.docker import DockerProvider\n"
            f"provider = DockerProvider(Docker.model_validate_json({target.model_dump_json()!r}))"
        )

    @pytest.fixture
    def sizes(self) -> Sequence[str]:
        return ["python3", "-c", "'import os; print(*os.get_terminal_size()[::-1])'"]


def test_nothing_runs_in_a_volume(provider: DockerProvider) -> None:
    data = made(provider, volume())
    with pytest.raises(ProviderError, match="volume/database of stack shop is no container that runs"):
        provider.shell.execute(data, ["date"], terminal=False)
    with pytest.raises(ProviderError, match="volume/database of stack shop is no container that runs"):
        provider.shell.pipe(data, ["date"], io.BytesIO(), io.BytesIO())


def test_a_program_that_is_not_there_says_so_and_writes_nothing(
    provider: DockerProvider, images: dict[str, str]
) -> None:
    """The engine says it where the output should be."""
    sink = io.BytesIO()
    with pytest.raises(ProviderError, match=r"no-such-program cannot be run there: .*not found"):
        provider.shell.pipe(made(provider, replica(images)), ["no-such-program"], io.BytesIO(), sink)
    assert sink.getvalue() == b""


def test_a_command_that_closes_its_output_first_tells_its_exit_code(
    provider: DockerProvider, images: dict[str, str]
) -> None:
    command = ["sh", "-c", "exec >&- 2>&-; sleep 1; exit 5"]
    assert provider.shell.pipe(made(provider, replica(images)), command, io.BytesIO(), io.BytesIO()) == 5
