"""`tenfold hosts`: keys are stored once a person agrees, and hosts are shown side by side."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.ssh.known_hosts import HostKey, KnownHosts
from tests.deployments.cli.cli import Cli
from tests.support.sshd import Sshd, free_port, sshd
from tests.tasks.ssh.keys import key_of

pytestmark = pytest.mark.local

SPEC = """\
name: shop
target:
  provider: swarm
  key: {key}
  hosts:
{hosts}
services:
  web: {{image: shop}}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Sshd]:
    with sshd() as server:
        server.start()
        yield server


@pytest.fixture
def name(server: Sshd) -> str:
    return f"[127.0.0.1]:{server.port}"


@pytest.fixture
def known(home: Path) -> KnownHosts:
    home.mkdir(exist_ok=True)
    return KnownHosts(home)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody can be asked."""
    monkeypatch.setattr("deployments.cli.terminal.questions.can_ask", lambda: True)


def spec(server: Sshd, *hosts: str) -> str:
    """A file that lists these hosts; the server alone if none is named."""
    lines = hosts or (f"{{address: 127.0.0.1, port: {server.port}}}",)
    text = SPEC.format(key=server.key, hosts="\n".join(f"    - {line}" for line in lines))
    Path("fleet.yaml").write_text(text)
    return "fleet.yaml"


def test_keys_are_stored_once_somebody_agrees(
    cli: Cli, server: Sshd, name: str, known: KnownHosts, terminal: None
) -> None:
    file, key = spec(server), key_of(server, "ed25519")
    refused = cli("hosts", "trust", file, typed="no\n")
    assert (refused.code, known.key(name)) == (0, None)
    agreed = cli("hosts", "trust", file, typed="yes\n")
    assert agreed.out.startswith(f"  {name}  {key}  new\nStore 1 new key? Type yes once you have compared it: ")
    assert agreed.out.endswith(f"Stored 1 key: {name}.\n")
    assert known.key(name) == key
    assert cli.text("hosts", "trust", file) == f"  {name}  {key}  known\n"


def test_without_a_terminal_new_keys_need_a_word(cli: Cli, server: Sshd, name: str, known: KnownHosts) -> None:
    refused = cli("hosts", "trust", spec(server))
    assert (refused.code, known.key(name)) == (2, None)
    assert refused.err == (
        "Nothing was stored, for nobody can be asked. Say that you compared the keys: tenfold hosts trust fleet.yaml "
        "--yes\n"
    )
    assert cli.text("hosts", "trust", "fleet.yaml", "--yes").endswith(f"new\nStored 1 key: {name}.\n")


def test_a_changed_key_is_stored_by_a_person_alone(
    cli: Cli, server: Sshd, name: str, known: KnownHosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, before, key = spec(server), HostKey("ssh-ed25519", b"another"), key_of(server, "ed25519")
    known.store({name: before})
    refused = cli("hosts", "trust", file, "--yes")
    assert refused.out == f"  {name}  {key}  CHANGED: it was {before}\n"
    assert (refused.code, refused.err) == (
        2,
        f"The key of {name} has changed, and only a person at a terminal can say that this is right. Nothing was "
        "stored.\n",
    )
    monkeypatch.setattr("deployments.cli.terminal.questions.can_ask", lambda: True)
    cli("hosts", "trust", file, typed="yes\n")
    assert known.key(name) == before
    cli("hosts", "trust", file, typed=f"{name}\n")
    assert known.key(name) == key


def test_a_jump_host_is_looked_at_first_and_once(cli: Cli, server: Sshd, name: str, known: KnownHosts) -> None:
    jump = f"{{address: 127.0.0.1, port: {server.port}}}"
    file = spec(server, jump, f"{{address: localhost, port: {server.port}, jump: {jump}}}")
    key = key_of(server, "ed25519")
    assert cli.text("hosts", "trust", file, "--yes") == (
        f"  {name}  {key}  new\nStored 1 key: {name}.\n"
        f"  [localhost]:{server.port}  {key}  new\nStored 1 key: [localhost]:{server.port}.\n"
    )


def test_hosts_side_by_side_with_one_that_is_away(cli: Cli, server: Sshd, name: str, known: KnownHosts) -> None:
    known.store({name: key_of(server, "ed25519")})
    away = free_port()
    file = spec(
        server, f"{{address: 127.0.0.1, port: {server.port}, user: guest}}", f"{{address: 127.0.0.1, port: {away}}}"
    )
    result = cli("hosts", file)
    assert (result.code, result.err) == (1, "")
    head, row, silent, *_ = result.out.splitlines()
    assert head.split("  ")[1] == "HOST"
    assert row.split("  ")[1] == name
    assert "guest, sudo asks" in row
    assert silent == f"  [127.0.0.1]:{away}: nothing listens there. Is sshd started, and is {away} its port?"
    assert f"  {name}: sudo asks guest for a password." in result.out.partition("In the way:\n")[2]


def test_hosts_as_data(cli: Cli, server: Sshd, name: str, known: KnownHosts) -> None:
    known.store({name: key_of(server, "ed25519")})
    document = cli.json("hosts", spec(server))
    assert document["hosts"][name]["facts"]["user"] == "root"
    assert abs(document["hosts"][name]["clock_error"]) < 2
    assert {problem["host"] for problem in document["problems"]} <= {name}


def test_a_fingerprint_in_the_file_needs_no_stored_key(cli: Cli, server: Sshd, known: KnownHosts) -> None:
    key = key_of(server, "ed25519")
    file = spec(server, f"{{address: 127.0.0.1, port: {server.port}, fingerprint: '{key.fingerprint}'}}")
    assert cli.text("hosts", "trust", file) == f"  [127.0.0.1]:{server.port}  {key.fingerprint}  in the file\n"
    assert cli("hosts", file).code == 0


def test_files_without_hosts(cli: Cli, file: Path) -> None:
    result = cli("hosts", "shop.yaml")
    assert (result.code, result.err) == (
        2,
        "shop.yaml: its target is memory, which has no hosts. Hosts are those of swarm.\n",
    )
    Path("beside.yaml").write_text("name: b\ntarget: {provider: swarm, fleet: shop}\nservices:\n  web: {image: b}\n")
    result = cli("hosts", "trust", "beside.yaml")
    assert (result.code, result.err) == (
        2,
        "beside.yaml: its hosts are listed in the file of the stack shop. Give that file.\n",
    )
    assert cli("hosts", "none.yaml").err == "none.yaml cannot be read: No such file or directory.\n"
