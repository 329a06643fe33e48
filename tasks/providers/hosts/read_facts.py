"""The facts of hosts, read over SSH by one script each."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from infra_specs.errors import ProviderError
from infra_specs.fleet.checks import clock_error
from infra_specs.fleet.facts import HostFacts, facts_from
from tasks.base.clock import now
from tasks.ssh.connection import Connection
from tasks.ssh.connections import Connections, at_once

SCRIPT = Path(__file__).with_name("facts.sh")
SECONDS = 40.0
"""How long a host may take to tell its facts; its engine has 25 of them."""


@dataclass(frozen=True, slots=True)
class HostReading:
    """The facts of one host, and how far its clock is ahead of ours, in seconds."""

    facts: HostFacts
    clock_error: float


def read_facts(connections: Connections) -> dict[str, HostReading | ProviderError]:
    """The facts of every host, or why there are none, by its name. All are asked at once."""
    return at_once(connections.hosts, lambda host: read_one(connections.to(host)))


def read_one(connection: Connection) -> HostReading:
    """The facts of one host. Raises ProviderError and its kinds."""
    before = now()
    result = connection.run(_script(), timeout=SECONDS)
    after = now()
    try:
        facts = facts_from(result.text)
    except ProviderError as error:
        raise ProviderError(f"{connection.host}: {error} {result.failure_text}") from error
    return HostReading(facts, clock_error(facts.clock, before, after))


@cache
def _script() -> str:
    return SCRIPT.read_text(encoding="utf-8")
