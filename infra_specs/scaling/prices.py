"""The prices of heat, of loss and of a change, which adapt to each service.

They begin alike for everybody. Where the service turns out hotter or slower, or loses more, than the HPA that is played
beside it, that becomes dearer; where it is better than it need be, cheaper, and money is saved. Nobody is asked to be
better than the utilisation that was asked for promises: a response time of 1 / (1 - utilisation).
"""

from infra_specs.scaling.accounts import SLOWEST, Accounts
from infra_specs.scaling.cost import Prices, slow_price
from infra_specs.scaling.policy import Policy, Preference

ALLOWED: dict[Preference, float] = {"cheap": 1.25, "balanced": 1.0, "quick": 0.8}
"""Of what the HPA beside may be, in heat and loss."""
FIRST_CHECKS = 250
"""Checks at parity that an account begins with."""
SLOW, HOT, LOST, CHANGE = 0.95, 0.95, 3.0, 0.34
"""The first prices, in replicas; that of slowness is a multiple of the one at which steady demand has its
utilisation."""
CHANGE_POWER, CHANGE_PART = 0.4, 0.1
"""The price of a change grows with this power of the count, and from 46 replicas on in proportion."""
SHARPNESS_SLOW, SHARPNESS_HOT, SHARPNESS_LOST, SHARPNESS_CHANGE = 16, 3.75, 2.5, 4
"""Powers of ours over theirs by which a price adapts."""
MARGIN_SLOW, MARGIN_HOT, MARGIN_LOST, MARGIN_CHANGE = 0.985, 0.75, 0.8, 0.93
"""Of theirs, what we aim at: a little less heat and loss, and a few more changes."""
FIRST_HOT, FIRST_LOST, FIRST_CHANGES = 0.01, 0.001, 0.03
"""Parts of the demand, and changes a check, that an account begins with."""
LEAST_HOT, LEAST_LOST = 0.0005, 0.000004
"""Parts of the demand that are allowed though the HPA has none."""
CHEAPEST_SLOW = 0.35
"""Times the first price: less, and a service that was quick for a while would be run far above its utilisation."""
CHEAPEST, DEAREST, CHEAPEST_CHANGE, DEAREST_CHANGE = 0.1, 8.0, 0.6, 6.0
"""Times the first price."""


def prices_of(policy: Policy, accounts: Accounts, wanted: int) -> Prices:
    """The prices after these accounts, for a service of which `wanted` replicas are wanted."""
    ours, theirs, allowed = accounts.ours, accounts.theirs, ALLOWED[policy.prefer]
    promised = min(SLOWEST, 1 / (1 - policy.utilisation)) if policy.utilisation < 1 else SLOWEST
    arrived = accounts.arrived
    first = FIRST_CHECKS * max(arrived / accounts.checks, 1e-9) if accounts.checks else 1.0
    slow = _ratio(ours.slow, allowed * MARGIN_SLOW * max(theirs.slow, promised * arrived), first * promised)
    hot = _ratio(ours.hot, allowed * max(MARGIN_HOT * theirs.hot, LEAST_HOT * arrived), first * FIRST_HOT)
    lost = _ratio(ours.lost, allowed * max(MARGIN_LOST * theirs.lost, LEAST_LOST * arrived), first * FIRST_LOST)
    change = _ratio(ours.changes, MARGIN_CHANGE * theirs.changes, FIRST_CHECKS * FIRST_CHANGES)
    return Prices(
        slow_price(policy.utilisation) * SLOW / allowed * _between(CHEAPEST_SLOW, slow**SHARPNESS_SLOW, DEAREST),
        HOT / allowed * _adapted(hot, SHARPNESS_HOT),
        LOST / allowed * _adapted(lost, SHARPNESS_LOST),
        CHANGE
        * max(1, wanted**CHANGE_POWER, CHANGE_PART * wanted)
        * _between(CHEAPEST_CHANGE, change**SHARPNESS_CHANGE, DEAREST_CHANGE),
    )


def _ratio(ours: float, allowed: float, first: float) -> float:
    return (ours + first) / (allowed + first)


def _adapted(ratio: float, sharpness: float) -> float:
    return _between(CHEAPEST, ratio**sharpness, DEAREST)


def _between(low: float, value: float, high: float) -> float:
    return min(max(value, low), high)
