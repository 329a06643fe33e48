"""Checks to keep in a ledger: what was measured, and what was decided on it."""

from dataclasses import replace
from typing import Any

import pytest

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decision import Decision, Step
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.scaling_input import ScalingInput
from tasks.ledger import Check, CheckResult, Lease, Ledger, Owner

began = 1_800_000_000.0
"""A whole number of periods of five minutes."""
key = ("shop", "web")


@pytest.fixture
def checks(ledger: Ledger) -> Lease:
    """The lock of the checks."""
    return ledger.checks.acquire(Owner.here("autoscale"), 600)


def seen(at: float, in_flight: float | None = 5.0, **changed: Any) -> Measurement:
    return replace(Measurement(at, 15.0, 40.0, in_flight, 0.125, 2), **changed)


def decided(at: float, before: int = 2, replicas: int = 2, why: str = "as it was", **changed: Any) -> Decision:
    """A decision; `mode`, `measured` and `steps` may be others."""
    steps = changed.pop("steps", ("recommend",))
    inputs = ScalingInput(
        "web", at, changed.pop("measured", seen(at)), before, before, 0, mode=changed.pop("mode", "act")
    )
    reason = f"web: {before} to {replicas} replicas: {why}"
    return Decision("web", at, before, replicas, reason, tuple(Step(name, replicas, why) for name in steps), inputs)


def checked(
    at: float, *, of: tuple[str, str] = key, measured: Measurement | None = None, decision: Decision | None = None
) -> CheckResult:
    return CheckResult(*of, measured or seen(at), {"proxy": {"requests": at}}, decision, AutoscalerState())


def keep(ledger: Ledger, lease: Lease, at: float, *found: CheckResult) -> dict[tuple[str, str], str]:
    """One check that found this."""
    return ledger.checks.record(lease, Check(at, 0.5, len(found), "looked"), found)
