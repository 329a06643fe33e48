"""Whether a machine can run Tenfold and its targets, from what was read there."""

from collections.abc import Iterator
from dataclasses import dataclass

from infra_specs.installed.check import Check
from infra_specs.installed.versions import Difference
from infra_specs.stackfile.models.units import size_text

OLDEST_PYTHON = (3, 11)
LEAST_BYTES = 2 * 2**30
"""Of disk: the packages, a first stack with its database, and a week of runs."""
MOST_CLOCK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """What was read on the machine."""

    python: tuple[int, int, int]
    differences: tuple[Difference, ...]
    home: str
    free_bytes: int
    home_fault: str
    """Why nothing can be written below the home; empty if it can."""
    port: int
    port_state: str
    """`ours`, `free` or `taken`."""
    plane: str
    """How the control plane is: `down`, `healthy`, or what ails it."""
    other_code: str
    """That the control plane runs another version's code; empty if it does not."""
    login_fault: str
    engine: str
    """The version of the Docker Engine; empty if none answers."""
    engine_fault: str
    clock_ahead_seconds: float | None
    """Of the engine's clock; None without an engine."""
    is_synchronised: bool | None
    """Whether the machine says that its clock follows a time server; None if it does not say."""


def machine_checks(facts: MachineFacts) -> tuple[Check, ...]:
    """Every point, in the order in which one is needed for the next."""
    return (
        _python(facts),
        *_packages(facts.differences),
        _disk(facts),
        _clock(facts),
        _port(facts),
        _plane(facts),
        _login(facts),
        _engine(facts),
    )


def _python(facts: MachineFacts) -> Check:
    seen = ".".join(map(str, facts.python))
    if facts.python[:2] < OLDEST_PYTHON:
        return Check("Python", "fault", seen, "install Python 3.11 or newer, and Tenfold with it")
    return Check("Python", "ok", seen)


def _packages(differences: tuple[Difference, ...]) -> Iterator[Check]:
    breaking = [difference for difference in differences if difference.breaks]
    for difference in breaking:
        advice = f"install {difference.package}=={difference.locked} into the environment of Tenfold"
        yield Check("packages", "fault", str(difference), advice)
    if others := [difference for difference in differences if not difference.breaks]:
        names = ", ".join(f"{difference.package} {difference.installed}" for difference in others[:5])
        more = f" and {len(others) - 5} more" if len(others) > 5 else ""
        advice = "if something fails that others do not see, install with the lock as constraints"
        yield Check("packages", "note", f"newer or older than tested: {names}{more}", advice)
    if not differences:
        yield Check("packages", "ok", "each of its locked version")


def _disk(facts: MachineFacts) -> Check:
    seen = f"{size_text(facts.free_bytes)} free at {facts.home}"
    if facts.home_fault:
        return Check("disk", "fault", facts.home_fault, "make room, or name another folder in TENFOLD_HOME")
    if facts.free_bytes < LEAST_BYTES:
        return Check("disk", "note", seen, f"make room: a first stack takes up to {size_text(LEAST_BYTES)}")
    return Check("disk", "ok", seen)


def _clock(facts: MachineFacts) -> Check:
    ahead = facts.clock_ahead_seconds
    if ahead is not None and abs(ahead) > MOST_CLOCK_SECONDS:
        seen = f"the engine's clock is {abs(ahead):.0f} s {'ahead' if ahead > 0 else 'behind'}"
        return Check("clock", "fault", seen, "let both follow a time server: leases and certificates are told by time")
    if facts.is_synchronised is False:
        return Check(
            "clock", "note", "it follows no time server", "on Debian and Ubuntu: apt install systemd-timesyncd"
        )
    return Check("clock", "ok", "follows a time server" if facts.is_synchronised else "nothing speaks against it")


def _port(facts: MachineFacts) -> Check:
    if facts.port_state == "taken":
        advice = "the next free one is taken; to choose, set TENFOLD_SERVER_PORT"
        return Check("port", "note", f"{facts.port} belongs to another program", advice)
    return Check("port", "ok", f"{facts.port} is {'of the control plane' if facts.port_state == 'ours' else 'free'}")


def _plane(facts: MachineFacts) -> Check:
    if facts.other_code:
        return Check("control plane", "note", "it runs another version's code", facts.other_code)
    if facts.plane not in ("down", "healthy"):
        return Check("control plane", "fault", facts.plane, "look at: tenfold server status")
    return Check(
        "control plane", "ok", "is down; the first change starts it" if facts.plane == "down" else "is healthy"
    )


def _login(facts: MachineFacts) -> Check:
    if facts.login_fault:
        return Check("login", "fault", facts.login_fault, "see the pages on security")
    return Check("login", "ok", "nobody else on the machine can read it")


def _engine(facts: MachineFacts) -> Check:
    if not facts.engine:
        advice = "none is needed for the target local; for docker, start one that this account may use"
        return Check("Docker Engine", "note", facts.engine_fault or "none answers", advice)
    return Check("Docker Engine", "ok", facts.engine)
