"""What the policy remembers of a service between two checks; everything else it is told each time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra_specs.scaling.data import as_plain_data, known_fields

VERSION = 1


@dataclass(frozen=True, slots=True)
class Forecasts:
    """What the forecasters of `forecast` know, one place each, all in full replicas' worth of demand.

    `due`: what each said for a time that has not come: (seconds since the epoch, what was said).
    """

    unit: str = ""
    """What one full replica was, when this was learned: with another capacity the numbers mean nothing."""
    checks: int = 0
    """How many measurements were learned from."""
    since: int = 0
    """How many of them since demand last jumped."""
    levels: tuple[float, ...] = ()
    """The means, and last the line's."""
    slope: float = 0.0
    """By which the line changes in one interval."""
    errors: tuple[float, ...] = ()
    """The mean squared error over the level: how much the demand varies by, as a Poisson process' variance grows with
    its mean."""
    peak: float = 0.0
    """The highest demand of about an hour."""
    due: tuple[tuple[float, tuple[float, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class AutoscalerState:
    """Small (JSON below 4 KB), and never needed: a check that has lost it starts with `Memory()` and learns anew."""

    recommendations: tuple[tuple[float, int], ...] = ()
    """(seconds since the epoch, replicas) of the stabilization window, only those that no later one reaches."""
    busy: float | None = None
    """When demand was last seen, or could not be ruled out."""
    counts: tuple[int, int] | None = None
    """What was wanted at the last check, and what it decided. Wanted since then, another number is somebody's own."""
    forecasts: Forecasts = Forecasts()
    serving: int | None = None
    """Replicas that served at the last check."""

    def as_data(self) -> dict[str, Any]:
        return {"version": VERSION, **as_plain_data(self)}

    @staticmethod
    def from_data(data: Mapping[str, Any] | None) -> "AutoscalerState":
        """What was kept; of another version, or nothing, a new one."""
        if not data or data.get("version") != VERSION:
            return AutoscalerState()
        values = known_fields(AutoscalerState, data)
        values["recommendations"] = tuple((float(at), int(count)) for at, count in values.get("recommendations", ()))
        values["counts"] = tuple(values["counts"]) if values.get("counts") else None
        forecasts = known_fields(Forecasts, values.get("forecasts", {}))
        for name in ("levels", "errors"):
            forecasts[name] = tuple(forecasts.get(name, ()))
        forecasts["due"] = tuple((at, tuple(levels)) for at, levels in forecasts.get("due", ()))
        values["forecasts"] = Forecasts(**forecasts)
        return AutoscalerState(**values)
