"""The shell that is kept open inside a container."""

import shlex
from collections.abc import Iterator

import pytest
from docker import DockerClient
from docker.errors import APIError

from tasks.providers.docker.engine.client import Engine, connect
from tasks.providers.docker.engine.shell import Shell, ShellEnded
from tests.support.images import local
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.proof]


@pytest.fixture
def container(engine: DockerClient, images: dict[str, str]) -> Iterator[str]:
    running = engine.containers.run(local("base"), ["sleep", "600"], detach=True)
    yield str(running.id)
    running.remove(force=True, v=True)


@pytest.fixture
def api(engine: DockerClient) -> Iterator[Engine]:
    api = connect(None)
    yield api
    api.close()


@pytest.mark.parametrize(
    "text", ["", "plain", 'it\'s "quoted"', "\\n $HOME `id` !! %s\r\n\tü", "ends with \\", "x" * 300_000]
)
def test_text_arrives_as_it_is(api: Engine, container: str, text: str) -> None:
    assert api.inside(container, f"printf %s {shlex.quote(text)}") == (0, text.encode())


def test_what_a_script_ends_with(api: Engine, container: str) -> None:
    assert api.inside(container, "echo first\nexit 3") == (3, b"first\n")
    assert api.inside(container, "no-such-command") == (127, b"")
    assert api.inside(container, "cat") == (0, b""), "it has no input to wait for"
    code, output = api.inside(container, r"printf 'a\0b\n\n'")
    assert (code, output) == (0, b"a\0b\n\n")


def test_another_takes_the_place_of_one_that_was_ended(api: Engine, container: str) -> None:
    _, first = api.inside(container, "echo $$")
    api.exec_start(api.exec_create(container, ["bash", "-c", f"kill -9 {first.decode()}"])["Id"])
    _, second = api.inside(container, "echo $$")
    assert second != first


def test_it_ends_with_its_connection(api: Engine, container: str) -> None:
    shell = Shell(api, container)
    assert shell.run("true") == (0, b"")
    shell.close()
    with pytest.raises(ShellEnded):
        shell.run("true")

    def shells() -> int:
        return sum("read -r line" in " ".join(process) for process in api.top(container)["Processes"])

    wait_until(lambda: not shells(), "it has ended")


def test_a_container_that_does_not_run(api: Engine, container: str, engine: DockerClient) -> None:
    engine.containers.get(container).kill()
    with pytest.raises(APIError):
        api.inside(container, "true")
