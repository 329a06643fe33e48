"""How a firewall is set, kept and undone, with the scripts run here and the tools of the host replaced by fakes."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError, TransientError
from infra_specs.fleet.firewall import FOLDER, Firewall, rules
from infra_specs.stackfile.models.hosts import Host
from tasks.providers.hosts.firewall import set_firewall
from tasks.ssh.command import CommandResult

pytestmark = pytest.mark.local

HOST = Host(address="10.0.0.11")
PROVEN, NEXT = Firewall(22, (443,)), Firewall(2222)
TOOL = """#!/bin/sh
tool=${0##*/} state=STATE
echo "$tool $*" >>$state/log
[ ! -e "$state/$tool-fails" ] || exit 7
case "$tool $*" in
*-restore*) cat >"$state/${tool%-restore}" ;;
*' -C INPUT'*) [ -e "$state/$tool" ] ;;
*' -X TENFOLD-INPUT'*) rm -f "$state/$tool" ;;
esac
"""


class FakeHost:
    """Its files are in a folder; its tools write down what they are called for. It is all of its connections, too."""

    host = HOST

    def __init__(self, folder: Path) -> None:
        self.state, self.etc, self.proc, self._bin = (folder / name for name in ("state", "etc", "proc", "bin"))
        for made in (self.state, self.proc, self._bin):
            made.mkdir()
        for name in ("route", "ipv6_route", "if_inet6"):
            (self.proc / name).touch()
        for tool in ("iptables", "ip6tables", "iptables-restore", "ip6tables-restore", "systemctl", "systemd-run"):
            (self._bin / tool).write_text(TOOL.replace("STATE", str(self.state)))
            (self._bin / tool).chmod(0o755)
        self.at_second_login: Callable[[], object] = bool

    def run(self, script: str, *, root: bool = False) -> CommandResult:
        done = subprocess.run(
            ["sh", "-c", self._here(script)],
            check=False,
            env={"PATH": f"{self._bin}:/usr/bin:/bin"},
            capture_output=True,
        )
        return CommandResult(done.returncode, done.stdout, done.stderr)

    def put(self, path: str, data: bytes, *, root: bool = False) -> None:
        if path.startswith(FOLDER):
            Path(self._here(path)).write_text(self._here(data.decode()))

    def to(self, host: Host) -> "FakeHost":
        return self

    def another(self, host: Host) -> "SecondLogin":
        return SecondLogin(self)

    def undo(self) -> None:
        assert self.run(f"/bin/sh {FOLDER}/firewall-undo").code == 0

    def in_force(self) -> list[str]:
        """The rules of both families."""
        return [path.read_text() for name in ("iptables", "ip6tables") if (path := self.state / name).exists()]

    def at_a_start(self) -> list[str]:
        """Those that its next start sets."""
        return [path.read_text() for family in (4, 6) if (path := self.etc / f"firewall.v{family}").exists()]

    def calls(self) -> str:
        return (self.state / "log").read_text()

    def _here(self, text: str) -> str:
        return text.replace(FOLDER, str(self.etc)).replace("/proc/net", str(self.proc))


class SecondLogin:
    def __init__(self, host: FakeHost) -> None:
        self._host = host

    def run(self, script: str) -> None:
        self._host.at_second_login()

    def close(self) -> None:
        pass


def fail() -> None:
    raise TransientError("no answer")


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(tmp_path)


def set_on(host: FakeHost, firewall: Firewall) -> None:
    set_firewall(HOST, firewall, host)  # type: ignore[arg-type]  # fake


def both(firewall: Firewall) -> list[str]:
    return [rules(firewall, 4), rules(firewall, 6)]


def test_a_firewall_is_proven_before_a_start_sets_it(host: FakeHost) -> None:
    at_login = list[list[str]]()
    host.at_second_login = lambda: at_login.append(host.at_a_start())
    set_on(host, PROVEN)
    assert at_login == [[]]
    assert host.in_force() == host.at_a_start() == both(PROVEN)
    assert "systemctl enable --quiet tenfold-firewall.service" in host.calls()
    assert sorted(path.name for path in host.etc.glob("firewall.*")) == ["firewall.v4", "firewall.v6"]
    set_on(host, NEXT)
    assert at_login[1] == both(PROVEN)
    assert host.in_force() == host.at_a_start() == both(NEXT)


def test_one_that_fails_its_proof_is_gone_and_the_proven_one_is_back(host: FakeHost) -> None:
    set_on(host, PROVEN)
    host.at_second_login = fail
    with pytest.raises(ProviderError, match="nobody can log in through the new firewall"):
        set_on(host, NEXT)
    assert host.in_force() == both(NEXT)
    assert host.at_a_start() == both(PROVEN)
    host.undo()
    assert host.in_force() == host.at_a_start() == both(PROVEN)


def test_a_first_one_that_fails_its_proof_leaves_none(host: FakeHost) -> None:
    host.at_second_login = fail
    with pytest.raises(ProviderError, match="nobody can log in"):
        set_on(host, NEXT)
    assert "enable" not in host.calls()
    host.undo()
    assert host.in_force() == host.at_a_start() == []


def test_none_is_put_in_force_that_would_not_undo_itself(host: FakeHost) -> None:
    (host.state / "systemd-run-fails").touch()
    with pytest.raises(ProviderError, match=r"its firewall cannot be set: exit code 7"):
        set_on(host, NEXT)
    assert host.in_force() == host.at_a_start() == []


def test_one_that_undid_itself_meanwhile_is_not_kept(host: FakeHost) -> None:
    set_on(host, PROVEN)
    host.at_second_login = host.undo
    with pytest.raises(ProviderError, match="its firewall cannot be kept: its rules were taken out of force meanwhile"):
        set_on(host, NEXT)
    assert host.in_force() == host.at_a_start() == both(PROVEN)


def test_the_undo_goes_on_where_the_rules_are_missing(host: FakeHost) -> None:
    host.at_second_login = (host.state / "iptables").unlink
    with pytest.raises(ProviderError, match="cannot be kept"):
        set_on(host, NEXT)
    assert host.calls().count("systemctl stop tenfold-firewall-undo.timer") == 1  # the one before it was set


def test_a_host_whose_uplink_looks_like_dockers_is_refused(host: FakeHost) -> None:
    (host.proc / "route").write_text("br-lan 00000000 010200C0 0003 0 0 0 00000000 0 0 0\n")
    with pytest.raises(ProviderError, match=r"and the host reaches others by br-lan\. Rename that interface"):
        set_on(host, PROVEN)
    assert not host.etc.exists()
