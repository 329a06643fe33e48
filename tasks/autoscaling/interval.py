"""How often services are checked now, by what the ledger has of the stacks that are up."""

import json
from functools import lru_cache

from infra_specs.errors import TenfoldError
from infra_specs.scaling.check_interval import can_scale, check_interval
from tasks.autoscaling.scaled_stack import ScaledStack
from tasks.base.settings import Settings
from tasks.ledger import Ledger, StackRecord
from tasks.ledger.json_column import BrokenJson

REMEMBERED = 1000
"""Specs of which the answer is remembered: they are read anew every few seconds, and change seldom."""


def seconds_between_checks(ledger: Ledger, here: Settings) -> float:
    """The interval of the checks, in seconds."""
    up = [record for record in ledger.stacks.all() if record.wanted]
    return check_interval(map(_is_scalable, up), here.autoscale_seconds, is_given=here.autoscale_is_given)


def scalable_since(ledger: Ledger) -> float | None:
    """When the newest of the stacks that can be scaled was given; None if none can be. Seconds since the epoch."""
    return max((record.since for record in ledger.stacks.all() if record.wanted and _is_scalable(record)), default=None)


def _is_scalable(record: StackRecord) -> bool:
    """A stack that cannot be read is not scaled."""
    return not isinstance(record.spec, BrokenJson) and _can_scale(record.name, json.dumps(record.spec))


@lru_cache(REMEMBERED)
def _can_scale(name: str, spec: str) -> bool:
    record = StackRecord(name, json.loads(spec), "", "", wanted=True, since=0.0)
    try:
        scaled = ScaledStack.of(record)
    except TenfoldError:
        return False
    return can_scale(scaled.sizing, scaled.scaled_services)
