"""One stack as a check sees it: its spec, its sizes, the counts that are wanted now, and what they cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from infra_specs.catalogue.desired import replica_count
from infra_specs.pricing.month import Spent, budget_left, seconds_left, spend
from infra_specs.pricing.price import rate, replica_price
from infra_specs.scaling.measurement import Measured
from infra_specs.scaling.scaling_input import Earlier, Situation
from infra_specs.sizing.size import Sizing, size
from infra_specs.stack_fault import StackFault
from infra_specs.stackfile.models.stack import Stack
from tasks.ledger import Wanted

usual_start = 15.0
"""Seconds that a replica is taken to need until it serves, while none was ever seen to start."""


@dataclass(frozen=True)
class Subject:
    """A wanted stack at one check. `counts` are the replicas wanted of each service."""

    stack: Stack
    sizing: Sizing
    counts: Mapping[str, int]
    since: float
    """When the spec was given, in seconds since the epoch."""
    spent: Spent | None = None

    @classmethod
    def of(cls, known: Wanted, spent: Spent | None = None) -> "Subject":
        """Raises TenfoldError for a spec that this version cannot read or size."""
        stack = known.stack()
        sizing = size(stack)
        counts = {name: replica_count(sizing, known.overrides, name) for name in sizing.services}
        return cls(stack, sizing, counts, known.since, spent)

    @property
    def scaled(self) -> tuple[str, ...]:
        """The services whose count a check decides: those that serve requests, and those that queries tell of."""
        services = self.stack.services.items()
        return tuple(name for name, service in services if service.port is not None or service.scaling.metrics)

    @cached_property
    def price(self) -> float | None:
        """USD a month of one replica; None is unknown."""
        return replica_price(self.stack)

    @cached_property
    def rate(self) -> float | None:
        """USD a month of all that is wanted now; None is unknown."""
        return rate(self.stack, self.sizing, self.counts)

    def spending(self, moment: float) -> Spent | None:
        """What is spent by now; None where that need not be known or cannot be."""
        return None if self.stack.budget is None or self.rate is None else spend(self.spent, moment, self.rate)

    def left(self, moment: float) -> float | None:
        """USD of this month's budget that nothing has claimed; None without a budget or without known prices."""
        if self.stack.budget is None or self.rate is None:
            return None
        return budget_left(self.stack.budget, self.spending(moment), moment, self.rate)

    def situation(
        self,
        service: str,
        measured: Measured,
        *,
        now: float,
        interval: float,
        start_seconds: float | None = None,
        rhythm: tuple[Earlier, ...] = (),
        left: float | None = None,
    ) -> Situation:
        """What one service's decision is made from. `left` is what others of this check have left of the budget."""
        sizes, wanted = self.sizing.services[service], self.counts[service]
        serving = wanted if measured.serving is None else measured.serving
        return Situation(
            service=service,
            now=now,
            measured=measured,
            wanted=wanted,
            serving=serving,
            starting=max(0, wanted - serving),
            minimum=sizes.minimum,
            maximum=sizes.maximum,
            design=sizes.design,
            capacity=self.stack.services[service].capacity,
            start_seconds=usual_start if start_seconds is None else start_seconds,
            interval=interval,
            rhythm=rhythm,
            price=self.price,
            budget_left=left,
            month_left=seconds_left(now),
            largest=service == self._gives_back,
            mode=self.stack.services[service].scaling.mode,
        )

    @cached_property
    def _gives_back(self) -> str | None:
        """Whose turn it is when the money is gone, of the services that act and do not hold: the one with the most
        replicas above its minimum; they all cost the same. When none has any: of those that may be stopped the one with
        the most. The first of equals."""
        scalings = {name: self.stack.services[name].scaling for name in self.scaled}
        willing = [name for name, one in scalings.items() if one.mode == "act" and one.over_budget != "hold"]
        above = {name: self.counts[name] - self.sizing.services[name].minimum for name in willing}
        if any(more > 0 for more in above.values()):
            return max(above, key=above.__getitem__)
        running = [name for name in willing if scalings[name].over_budget == "stop" and self.counts[name]]
        return max(running, key=self.counts.__getitem__, default=None)


def subjects(
    stacks: tuple[Wanted, ...], spent: Mapping[str, Spent]
) -> tuple[tuple[Subject, ...], tuple[StackFault, ...]]:
    """Every wanted stack with a service to decide on, and why the others cannot be looked at."""
    found, faults = list[Subject](), list[StackFault]()
    for known in stacks:
        if known.wanted:
            try:
                subject = Subject.of(known, spent.get(known.name))
            except Exception as error:  # whatever it is, the other stacks are checked all the same
                faults.append(StackFault.of(known.name, error))
            else:
                found += [subject] if subject.scaled else []
    return tuple(found), tuple(faults)
