"""Containers on a fleet of hosts that are one Docker Swarm.

It shares the docker target's kinds, labels and proxy files. The fleet's hosts and their membership are of
`tasks.providers.hosts`.
"""

from pathlib import Path

import tasks.providers.docker.sdk  # noqa: F401 - it comes before all that uses it
from infra_specs.stackfile.models.target import Swarm
from tasks.providers.swarm.provider import SwarmProvider
from tasks.ssh.connections import Connections

__all__ = ["SwarmProvider", "open_target"]


def open_target(target: Swarm, home: Path) -> SwarmProvider:
    """Its provider, which connects at its first use. Raises PlanError for a target that is on no fleet."""
    fleet = target.placed
    connections = Connections((*fleet.hosts, *fleet.leaving), fleet.key, home)
    return SwarmProvider(connections, target, [host.name for host in fleet.leaving])
