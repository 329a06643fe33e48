"""Containers on a fleet of hosts that are one Docker Swarm.

It shares the docker target's kinds, labels and proxy files. The fleet's hosts and their membership are of
`tasks.providers.hosts`. No stack file can name this target yet: only tests open it.
"""

import tasks.providers.docker.sdk  # noqa: F401 - it comes before all that uses it
from tasks.providers.swarm.provider import SwarmProvider

__all__ = ["SwarmProvider"]
