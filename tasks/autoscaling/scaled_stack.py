"""One stack in an autoscale check: its spec, sizes, desired replica counts and cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from infra_specs.catalogue.desired import replica_count
from infra_specs.pricing.month import Spent, budget_left, seconds_left, spend
from infra_specs.pricing.price import rate, replica_price
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.scaling_input import PastDemand, ScalingInput
from infra_specs.sizing.size import Sizing, size
from infra_specs.stack_fault import StackFault
from infra_specs.stackfile.models.stack import Stack
from tasks.ledger import StackRecord

DEFAULT_START_SECONDS = 15.0
"""Assumed startup time of a replica in seconds, while none was measured."""


@dataclass(frozen=True)
class ScaledStack:
    """An active stack at one check. `counts`: desired replicas by service."""

    stack: Stack
    sizing: Sizing
    counts: Mapping[str, int]
    since: float
    """When the spec was given, in seconds since the epoch."""
    spent: Spent | None = None

    @classmethod
    def of(cls, record: StackRecord, spent: Spent | None = None) -> "ScaledStack":
        """Raises TenfoldError for a spec that this version cannot read or size."""
        stack = record.stack()
        sizing = size(stack)
        counts = {name: replica_count(sizing, record.override_counts, name) for name in sizing.services}
        return cls(stack, sizing, counts, record.since, spent)

    @property
    def scaled_services(self) -> tuple[str, ...]:
        """The services that a check decides on: those with a port, and those with metrics queries."""
        services = self.stack.services.items()
        return tuple(name for name, service in services if service.port is not None or service.scaling.metrics)

    def price_of(self, service: str) -> float | None:
        """USD a month of one replica of a service; None is unknown."""
        return replica_price(self.stack, service)

    @cached_property
    def rate(self) -> float | None:
        """USD a month at the desired counts; None if unknown."""
        return rate(self.stack, self.sizing, self.counts)

    def spent_by(self, moment: float) -> Spent | None:
        """The cost so far this month; None without a budget or without known prices."""
        return None if self.stack.budget is None or self.rate is None else spend(self.spent, moment, self.rate)

    def remaining_budget(self, moment: float) -> float | None:
        """USD of this month's budget that nothing has claimed; None without a budget or without known prices."""
        if self.stack.budget is None or self.rate is None:
            return None
        return budget_left(self.stack.budget, self.spent_by(moment), moment, self.rate)

    def scaling_input(
        self,
        service: str,
        measured: Measurement,
        *,
        now: float,
        interval: float,
        start_seconds: float | None = None,
        rhythm: tuple[PastDemand, ...] = (),
        left: float | None = None,
    ) -> ScalingInput:
        """The scaling input of one service. `left`: USD of the budget that other services of this check have left."""
        sizes, desired = self.sizing.services[service], self.counts[service]
        serving = desired if measured.serving is None else measured.serving
        return ScalingInput(
            service=service,
            now=now,
            measured=measured,
            wanted=desired,
            serving=serving,
            starting=max(0, desired - serving),
            minimum=sizes.minimum,
            maximum=sizes.maximum,
            design=sizes.design,
            capacity=self.stack.services[service].capacity,
            start_seconds=DEFAULT_START_SECONDS if start_seconds is None else start_seconds,
            interval=interval,
            rhythm=rhythm,
            price=self.price_of(service),
            budget_left=left,
            month_left=seconds_left(now),
            largest=service == self._scaled_down_first,
            mode=self.stack.services[service].scaling.mode,
        )

    @cached_property
    def _scaled_down_first(self) -> str | None:
        """The service to scale down when over budget: most replicas above its minimum; ties by file order.

        Only services that act and do not hold. If none is above its minimum: of those that may be stopped, the one with
        the most replicas."""
        scalings = {name: self.stack.services[name].scaling for name in self.scaled_services}
        candidates = [
            name for name, scaling in scalings.items() if scaling.mode == "act" and scaling.over_budget != "hold"
        ]
        above = {name: self.counts[name] - self.sizing.services[name].minimum for name in candidates}
        if any(more > 0 for more in above.values()):
            return max(above, key=above.__getitem__)
        running = [name for name in candidates if scalings[name].over_budget == "stop" and self.counts[name]]
        return max(running, key=self.counts.__getitem__, default=None)


def scaled_stacks(
    stacks: tuple[StackRecord, ...], spent: Mapping[str, Spent]
) -> tuple[tuple[ScaledStack, ...], tuple[StackFault, ...]]:
    """Every active stack with a service to decide on, and the faults of stacks that cannot be read."""
    readable, faults = list[ScaledStack](), list[StackFault]()
    for record in stacks:
        if record.wanted:
            try:
                scaled = ScaledStack.of(record, spent.get(record.name))
            except Exception as error:  # no error may affect the other stacks
                faults.append(StackFault.of(record.name, error))
            else:
                readable += [scaled] if scaled.scaled_services else []
    return tuple(readable), tuple(faults)
