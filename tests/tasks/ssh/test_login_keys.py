"""Which keys log in, and what is said of those that cannot."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from tasks.ssh.login_keys import login_keys
from tests.support.sshd import make_key

pytestmark = pytest.mark.local


@pytest.fixture(autouse=True)
def user_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without keys, and no agent."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (tmp_path / ".ssh").mkdir()
    return tmp_path


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    said = subprocess.run(
        ["ssh-agent", "-c", "-a", str(tmp_path / "agent")], check=True, capture_output=True, text=True
    )
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    yield
    os.kill(int(said.stdout.split("SSH_AGENT_PID ")[1].split(";")[0]), signal.SIGTERM)


def refusal(file: str | None) -> str:
    with pytest.raises(ProviderError) as refused:
        login_keys(file)
    return str(refused.value)


def public(path: Path) -> str:
    return path.with_suffix(".pub").read_text().split()[1]


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_named_key_is_the_only_one(user_home: Path, kind: str) -> None:
    make_key(user_home / ".ssh" / "id_ed25519", "ed25519")
    make_key(user_home / "mine", kind)
    assert [key.get_base64() for key in login_keys("~/mine")] == [public(user_home / "mine")]


def test_usual_keys_are_tried_in_their_order_without_those_that_are_locked(user_home: Path) -> None:
    folder = user_home / ".ssh"
    make_key(folder / "id_ed25519", "ed25519", "hunter22")
    make_key(folder / "id_rsa", "rsa")
    make_key(folder / "id_ecdsa", "ecdsa")
    assert [key.get_base64() for key in login_keys(None)] == [public(folder / "id_ecdsa"), public(folder / "id_rsa")]


def test_a_key_with_a_passphrase_is_used_through_its_agent(user_home: Path, agent: None) -> None:
    make_key(user_home / "other", "ed25519")
    make_key(user_home / "mine", "ed25519")
    for name in ("other", "mine"):
        subprocess.run(["ssh-add", "-q", str(user_home / name)], check=True, capture_output=True)
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "hunter22", "-f", str(user_home / "mine")], check=True)
    assert [key.get_base64() for key in login_keys("~/mine")] == [public(user_home / "mine")]
    assert [key.get_base64() for key in login_keys(None)] == [public(user_home / "other"), public(user_home / "mine")]


def test_no_key_at_all(user_home: Path) -> None:
    assert refusal(None) == (
        "no SSH key is there to log in with: no agent has one, and ~/.ssh has none without a passphrase. Add one to an "
        "agent (ssh-add), or name a file in the target's `key`."
    )


def test_keys_that_cannot_be_used(user_home: Path) -> None:
    make_key(user_home / "locked", "ed25519", "hunter22")
    (user_home / "text").write_text("not a key")
    assert refusal("~/none") == (
        f"the key {user_home}/none cannot be read: No such file or directory. Name another in `key`."
    )
    assert refusal("~/locked.pub") == (
        f"{user_home}/locked.pub is the public half of a key. Name the private one, without .pub."
    )
    assert refusal("~/locked") == (
        f"the key {user_home}/locked has a passphrase, and no agent holds it. Add it to one: ssh-add {user_home}/locked"
    )
    assert refusal("~/text") == (
        f"{user_home}/text is no private key that can be used: Ed25519, ECDSA and RSA can. Name another in `key`."
    )


def test_an_old_file_with_a_passphrase_is_seen_as_one(user_home: Path) -> None:
    command = [
        "ssh-keygen",
        "-q",
        "-t",
        "rsa",
        "-b",
        "2048",
        "-m",
        "PEM",
        "-N",
        "hunter22",
        "-f",
        str(user_home / "old"),
    ]
    subprocess.run(command, check=True)
    assert refusal("~/old").startswith(f"the key {user_home}/old has a passphrase, and no agent holds it.")


def test_an_agent_that_hangs_is_as_none(user_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.ssh.login_keys.AGENT_SECONDS", 0.2)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(user_home / "agent"))
    make_key(user_home / ".ssh" / "id_ed25519", "ed25519")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(user_home / "agent"))
        silent.listen()
        assert [key.get_base64() for key in login_keys(None)] == [public(user_home / ".ssh" / "id_ed25519")]
