"""The connections of a database: those of every replica that there may be."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from infra_specs.sizing.powers import power_of_two

SPARE = 20
"""For migrations, backups, a person."""
AT_MOST = 1000
"""More backends than this slow a PostgreSQL down instead of serving more."""
POOLER_FROM = 200
"""Connections above which a pooler between costs less than their memory."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What the replicas of one service open: `size` connections each, and `replicas` at most.

    `in_flight` are its requests at the design capacity; of a worker the jobs, one a replica.
    """

    service: str
    size: int
    replicas: int
    in_flight: float

    @property
    def connections(self) -> int:
        """All that they may open."""
        return self.size * self.replicas

    @property
    def busy(self) -> int:
        """Those in use at the design capacity, for a request or job uses one at a time; one a replica at least."""
        return min(self.connections, max(self.replicas, math.ceil(self.in_flight - 1e-9)))


@dataclass(frozen=True, slots=True)
class Connections:
    """How many a database needs and is given: a power of two, so that few replicas more restart nothing."""

    pools: Sequence[Pool]

    @property
    def needed(self) -> int:
        return SPARE + sum(pool.connections for pool in self.pools)

    @property
    def given(self) -> int:
        return min(AT_MOST, power_of_two(self.needed))

    @property
    def with_pooler(self) -> int:
        """How many it would need behind a pooler that gives a connection for the length of a transaction."""
        return SPARE + sum(pool.busy for pool in self.pools)

    @property
    def arithmetic(self) -> str:
        terms = [
            f"{pool.size} connection{'s' if pool.size > 1 else ''} x {pool.replicas} "
            f"replica{'s' if pool.replicas != 1 else ''} of {pool.service} at most"
            for pool in self.pools
        ]
        return f"{' + '.join(terms)} + {SPARE} spare: {self.needed}{self._rounding}"

    @property
    def _rounding(self) -> str:
        if self.given < self.needed:
            return f", of which at most {self.given} are given: put a pooler between, or lower `pool`"
        return f", rounded up to {self.given}"
