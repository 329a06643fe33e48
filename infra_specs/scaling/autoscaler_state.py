"""What the policy remembers of a service between two checks; everything else it is told each time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra_specs.scaling.accounts import Accounts
from infra_specs.scaling.data import as_plain_data, known_fields
from infra_specs.scaling.shadow import Shadow

VERSION = 2


@dataclass(frozen=True, slots=True)
class Forecasts:
    """What the forecasters of `forecast` know, one place each, all in full replicas' worth of demand."""

    unit: str = ""
    """What one full replica was, when this was learned: with another capacity the numbers mean nothing."""
    checks: int = 0
    """How many measurements were learned from."""
    since: int = 0
    """How many of them since demand last jumped."""
    last: float = 0.0
    """The demand at the last check."""
    peak: float = 0.0
    """The highest demand of about an hour."""
    swung: bool = False
    """Whether demand went far up or down at once at the last check."""
    jump: tuple[float, float] = (0.0, 0.0)
    """What demand last jumped to, and what it rose by then; 0 where it fell."""
    levels: tuple[float, ...] = ()
    """The means, and last the line's."""
    slope: float = 0.0
    """By which the line changes in one interval."""
    errors: tuple[float, ...] = ()
    """The mean squared error over the level: how much the demand varies by, as a Poisson process' variance grows with
    its mean."""
    bins: tuple[float, ...] = ()
    """How the errors of what was believed are spread: see `noise`."""
    due: tuple[tuple[float, tuple[float, ...]], ...] = ()
    """(seconds since the epoch, what each said for then, what was believed, and the deviation that it was given)."""


@dataclass(frozen=True, slots=True)
class AutoscalerState:
    """Small (JSON below 4 KB), and never needed: a check that lost it starts with a new one and learns anew."""

    recommendations: tuple[tuple[float, int], ...] = ()
    """(seconds since the epoch, replicas) of the stabilization window, only those that no later one reaches."""
    settles: float | None = None
    """From when on (seconds since the epoch) only a part of the window counts: see `stabilize`."""
    busy: float | None = None
    """When demand was last seen, or could not be ruled out."""
    counts: tuple[int, int] | None = None
    """What was wanted at the last check, and what it decided. Wanted since then, another number is somebody's own."""
    forecasts: Forecasts = Forecasts()
    serving: int | None = None
    """Replicas that served at the last check."""
    savings: float = 0.0
    """What fewer replicas would have saved in the last checks, in replicas: see `recommend.keep_calm`."""
    fewer: float | None = None
    """Since when (seconds since the epoch) fewer replicas would have done at every check."""
    held: float | None = None
    """Until when (seconds since the epoch) the count teaches nothing of our decisions: see `held`."""
    compared_for: str = ""
    """What the HPA beside and the accounts were begun for: with anything else they mean nothing."""
    shadow: Shadow = field(default_factory=Shadow)
    accounts: Accounts = field(default_factory=Accounts)

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
        for name in ("jump", "levels", "errors", "bins"):
            if name in forecasts:
                forecasts[name] = tuple(forecasts[name])
        forecasts["due"] = tuple((at, tuple(levels)) for at, levels in forecasts.get("due", ()))
        values["forecasts"] = Forecasts(**forecasts)
        values["shadow"] = Shadow.from_data(values.get("shadow", {}))
        values["accounts"] = Accounts.from_data(values.get("accounts", {}))
        return AutoscalerState(**values)
