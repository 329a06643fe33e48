"""Names and files of the caller's environment reach the control plane; keys and tokens never do."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.server.control_plane import _agent_note
from deployments.server.login import Login
from deployments.server.plane_processes import _environment
from tasks.base.settings import Settings
from tasks.supervisor.client import Supervisor
from tests.tasks.supervisor.support import PATH, sleeper, until_state

NAMES = ("AWS_PROFILE", "AWS_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "SSH_AUTH_SOCK")
SECRETS = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "GITHUB_TOKEN", "TENFOLD_API_TOKEN",
)  # fmt: skip
LOGIN = Login("a-login")


@pytest.fixture
def caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, f"name-of-{name}")
    for name in SECRETS:
        monkeypatch.setenv(name, f"secret-of-{name}")


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    started = Supervisor.start(tmp_path / "control")
    yield started
    started.shutdown()


@pytest.mark.pure
@pytest.mark.usefixtures("caller")
def test_names_and_files_are_passed_on_and_secrets_are_not(tmp_path: Path) -> None:
    passed = _environment(Settings(home=tmp_path), LOGIN, 4200)
    assert {name: passed.get(name) for name in NAMES} == {name: f"name-of-{name}" for name in NAMES}
    assert not any("secret-of" in value for value in passed.values())
    assert not passed.keys() & set(SECRETS)


@pytest.mark.local
@pytest.mark.usefixtures("caller")
def test_no_secret_is_in_the_records_or_in_the_processes(tmp_path: Path, supervisor: Supervisor) -> None:
    passed = _environment(Settings(home=tmp_path), LOGIN, 4200)
    supervisor.put(sleeper("runner", env={**passed, **PATH}))
    pid = until_state(supervisor, "runner", "healthy").pid
    records = (tmp_path / "control" / "state.json").read_text()
    assert "name-of-SSH_AUTH_SOCK" in json.dumps(json.loads(records))
    processes = b"".join(Path(f"/proc/{number}/environ").read_bytes() for number in (pid, supervisor.pid()))
    assert b"name-of-AWS_PROFILE" in processes
    for name in SECRETS:
        assert f"secret-of-{name}" not in records
        assert f"secret-of-{name}".encode() not in processes


@pytest.mark.pure
def test_it_is_said_when_the_agent_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "agent"
    note = _agent_note({"SSH_AUTH_SOCK": str(path)})
    assert note == (
        f"The SSH agent that the control plane was started with is gone (SSH_AUTH_SOCK names {path}, and no socket is "
        "there). To give it the agent of this shell: tenfold server stop, then tenfold server start"
    )
    path.write_text("no socket")
    assert _agent_note({"SSH_AUTH_SOCK": str(path)}) == note


@pytest.mark.pure
def test_nothing_is_said_of_an_agent_that_is_there_or_was_never_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _agent_note({}) == ""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind("agent")
        assert _agent_note({"SSH_AUTH_SOCK": str(tmp_path / "agent")}) == ""
