"""One more check in the accounts: what we had for the demand, and what the HPA that is played beside would have had."""

from dataclasses import replace

from infra_specs.scaling.accounts import Accounts
from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.forecast import LONGEST_LEAD
from infra_specs.scaling.held import is_held
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import ScalingInput
from infra_specs.scaling.shadow import Shadow, followed

CHECKS = 60_000.0
"""Checks over which accounts are kept: ten days of 15 s."""
DIGITS = 6


def compared(policy: Policy, inputs: ScalingInput, load: float, state: AutoscalerState) -> tuple[Shadow, Accounts]:
    """The HPA after this check, and the accounts with it. `load`: the demand in full replicas' worth.

    While the service is held at a count that was not decided for its demand, only changes are counted.
    """
    shadow = state.shadow if state.shadow.counts else Shadow((max(1, inputs.wanted),))
    lead = max(1, min(LONGEST_LEAD, round(inputs.start_seconds / max(inputs.interval, 1e-9)) + 1))
    after = followed(
        shadow, load, inputs.now,
        utilisation=policy.utilisation, lead=lead, bounds=(inputs.minimum, inputs.maximum),
        step=policy.step,
    )  # fmt: skip
    measured, accounts, kept = inputs.measured, state.accounts, 1 - 1 / CHECKS
    changed = inputs.mode == "act" and after.counts[-1] != shadow.counts[-1]
    if is_held(state, inputs.now):
        return after, replace(accounts, theirs=accounts.theirs.with_change(changed))
    serving = inputs.serving if measured.serving is None else measured.serving
    return after, Accounts(
        round(accounts.checks * kept + 1, DIGITS),
        round(accounts.arrived * kept + load, DIGITS),
        accounts.ours.with_check(load, serving, kept),
        accounts.theirs.with_check(load, shadow.ready, kept).with_change(changed),
    )
