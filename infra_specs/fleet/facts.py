"""The facts of one host, as its own script tells them."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from infra_specs.errors import ProviderError

BEGIN = "tenfold-facts "
"""The beginning of the line that holds the facts. An account's shell may print lines of its own before."""
Sudo = Literal["root", "free", "password", "missing"]
"""That the account is root, or becomes it without a password, or not, or that there is no sudo."""
Firewall = Literal["", "ufw", "firewalld"]


@dataclass(frozen=True, slots=True)
class SwarmFacts:
    """The Swarm that a host is in."""

    state: str
    """As the engine calls it: inactive, pending, active, locked or error."""
    node: str
    cluster: str
    """The id of the whole Swarm. Only managers know it."""
    is_manager: bool
    managers: frozenset[str]
    """Where the managers are: address and port."""


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """A Docker Engine that is installed."""

    version: str
    """Empty if the engine does not answer."""
    containers: int
    swarm: SwarmFacts | None
    """None if the engine does not answer."""

    @property
    def answers(self) -> bool:
        """Whether it runs."""
        return bool(self.version)


@checked(frozen=True)
class FirewallRecord:
    """What a run of ours wrote down of the firewall that it has set."""

    fleet: str
    fingerprint: str
    incarnation: int
    digests: dict[str, str]
    rules: str
    """The sum of the rules once they were in force."""


@dataclass(frozen=True, slots=True)
class HostFacts:
    """One host, looked at once. Sizes in bytes."""

    name: str
    user: str
    sudo: Sudo
    distribution: str
    """The id of its distribution: debian, ubuntu."""
    release: str
    """The version of its distribution: 12, 24.04."""
    title: str
    processor: str
    """As `uname -m` names it."""
    cpus: int
    memory: int
    memory_free: int
    swap: int
    disk: int
    disk_free: int
    clock: int
    """Seconds since the epoch, on the host's clock."""
    mtu: int | None
    address: str
    """The address of its own that we came in by."""
    port: int | None
    has_systemd: bool
    ports: frozenset[int]
    """TCP ports that something else than the engine listens on beyond loopback."""
    firewall: Firewall
    """One that is active, and was set up by somebody else."""
    engine: EngineFacts | None
    """None if no engine is installed."""
    fleet: str = ""
    """The fleet that it is a host of, as a run of ours wrote it down; empty if it is of none."""
    firewall_record: FirewallRecord | None = None
    """The firewall that a run of ours has set; None if there is none."""
    rules: str = ""
    """The sum of our rules that are in force; empty if there are none."""
    has_upgrades: bool = False
    """Whether security updates are installed by themselves."""
    has_time: bool = False
    """Whether something keeps the clock right."""
    may_use_engine: bool = True
    """Whether the account may use the engine's socket by itself."""


@checked(frozen=True)
class _Told:
    """The document that the script prints; sizes in KiB."""

    name: str
    user: str
    sudo: Sudo
    distribution: str
    release: str
    title: str
    processor: str
    cpus: int
    memory: int
    memory_free: int
    swap: int
    disk: int
    disk_free: int
    clock: int
    mtu: int | None
    address: str
    port: int | None
    systemd: bool
    ports: list[int]
    firewall: Firewall
    engine: bool
    info: dict[str, Any] | None
    host_mark: str | None = None
    firewall_mark: str | None = None
    rules: str = ""
    upgrades: bool = False
    time: bool = False
    socket: bool = True


@checked(frozen=True)
class _HostMark:
    fleet: str


_host_mark: TypeAdapter[_HostMark] = TypeAdapter(_HostMark)
_firewall_mark: TypeAdapter[FirewallRecord] = TypeAdapter(FirewallRecord)
_told: TypeAdapter[_Told] = TypeAdapter(_Told)
_KIB = 1024


def facts_from(printed: str) -> HostFacts:
    """The facts in all that the script printed. Raises ProviderError if there are none."""
    lines = [line for line in printed.splitlines() if line.startswith(BEGIN)]
    try:
        told = _told.validate_python(json.loads(lines[-1].removeprefix(BEGIN)))
    except (IndexError, ValueError, ValidationError) as error:
        raise ProviderError(f"what the host says of itself cannot be read: {_reason(error)}.") from error
    return HostFacts(
        told.name, told.user, told.sudo, told.distribution, told.release, told.title, told.processor, told.cpus,
        told.memory * _KIB, told.memory_free * _KIB, told.swap * _KIB, told.disk * _KIB, told.disk_free * _KIB,
        told.clock, told.mtu, told.address, told.port, told.systemd, frozenset(told.ports), told.firewall,
        _engine(told.info) if told.engine else None, _fleet(told.host_mark), _firewall(told.firewall_mark), told.rules,
        told.upgrades, told.time, told.socket,
    )  # fmt: skip


def _fleet(mark: str | None) -> str:
    """A mark that cannot be read is as none: it is written anew."""
    try:
        return _host_mark.validate_json(mark or "").fleet
    except ValidationError:
        return ""


def _firewall(mark: str | None) -> FirewallRecord | None:
    try:
        return _firewall_mark.validate_json(mark or "")
    except ValidationError:
        return None


def _engine(info: dict[str, Any] | None) -> EngineFacts:
    """From what `docker info` says; it says little of an engine that does not run."""
    if not info or info.get("ServerErrors") or not info.get("ServerVersion"):
        return EngineFacts("", 0, None)
    return EngineFacts(str(info["ServerVersion"]), int(info.get("Containers") or 0), _swarm(info.get("Swarm") or {}))


def _swarm(told: dict[str, Any]) -> SwarmFacts:
    managers = (str(manager.get("Addr", "")) for manager in told.get("RemoteManagers") or ())
    return SwarmFacts(
        state=str(told.get("LocalNodeState") or "inactive"),
        node=str(told.get("NodeID") or ""),
        cluster=str((told.get("Cluster") or {}).get("ID") or ""),
        is_manager=bool(told.get("ControlAvailable")),
        managers=frozenset(manager for manager in managers if manager),
    )


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return "it printed no facts" if isinstance(error, IndexError) else "its facts are no JSON"
