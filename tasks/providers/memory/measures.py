"""A memory target that measures itself, as clouds do: whole periods, known once they are over."""

from collections.abc import Mapping

from infra_specs.scaling.measurement import Measurement
from tasks.base.clock import now
from tasks.providers.memory.simulated_load import Load, Loads


class MemoryMeasures:
    """The part `measures`: what users asked in the newest period that is over."""

    def __init__(self, loads: Loads, period: float) -> None:
        self.period = period
        self._loads = loads

    def measured(self, stack: str) -> Mapping[str, Measurement]:
        """By service; a service whose load was set since the period ended is left out."""
        end = now() // self.period * self.period
        counted = self._loads.between(stack, end - self.period, end)
        return {
            service: _measured(before, after, end, self.period)
            for service, (before, after) in counted.items()
            if after.running > before.running
        }


def _measured(before: Load, after: Load, end: float, period: float) -> Measurement:
    """A load that was set within the period was asked for a part of it only: its numbers are lower bounds."""
    requests = after.requests - before.requests
    whole = after.running - before.running >= period
    return Measurement(
        end,
        period,
        requests_per_second=requests / period,
        in_flight=(after.seconds - before.seconds) / period + after.waiting,
        latency=after.latency,
        status="fresh" if whole else "partial",
        errors=(after.errors - before.errors) / period,
    )
