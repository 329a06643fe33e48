"""The file of the keys that a person has looked at."""

import base64
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from tasks.ssh.known_hosts import FILE, HostKey, KnownHosts
from tests.support.sshd import make_key

pytestmark = pytest.mark.pure

KEY = HostKey("ssh-ed25519", b"\0\0\0\x0bssh-ed25519 and more")


def test_what_is_stored_is_known_by_its_name_alone(tmp_path: Path) -> None:
    known = KnownHosts(tmp_path)
    assert known.key("10.0.0.11") is None
    known.store({"10.0.0.11": KEY})
    assert known.key("10.0.0.11") == KEY
    assert known.key("[10.0.0.11]:2222") is None
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_a_key_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    known, other = KnownHosts(tmp_path), HostKey("ssh-rsa", b"other")
    known.store({"a": KEY, "b": KEY})
    known.store({"a": other})
    assert (known.key("a"), known.key("b")) == (other, KEY)


def test_keys_that_are_stored_at_once_are_all_there(tmp_path: Path) -> None:
    names = [f"host-{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: KnownHosts(tmp_path).store({name: KEY}), names))
    assert [name for name in names if KnownHosts(tmp_path).key(name) != KEY] == []


def test_comments_and_empty_lines_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("# ours\n\na ssh-rsa b3RoZXI= a comment\n")
    assert KnownHosts(tmp_path).key("a") == HostKey("ssh-rsa", b"other")


@pytest.mark.parametrize("line", ["nonsense", "a ssh-rsa", "a ssh-rsa !!!"])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / FILE).write_text(f"a ssh-rsa b3RoZXI=\n{line}\n")
    with pytest.raises(ProviderError) as refused:
        KnownHosts(tmp_path).key("a")
    assert str(refused.value) == (
        f"{tmp_path}/known_hosts:2 is no line of a known_hosts file. Remove it, and store the host's key again: "
        "tenfold hosts trust FILE"
    )


@pytest.mark.local
def test_a_fingerprint_and_the_file_are_those_of_openssh(tmp_path: Path) -> None:
    make_key(tmp_path / "key", "ed25519")
    kind, text = (tmp_path / "key.pub").read_text().split()[:2]
    key = HostKey(kind, base64.b64decode(text))
    KnownHosts(tmp_path).store({"[10.0.0.11]:2222": key})
    command = ["ssh-keygen", "-l", "-F", "[10.0.0.11]:2222", "-f", str(tmp_path / FILE)]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert f"ED25519 {key.fingerprint}" in shown
    assert str(key) == f"ED25519 {key.fingerprint}"
