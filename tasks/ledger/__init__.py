"""What cannot be observed: stacks as last desired, who changes them, runs, releases, decisions and secrets.

It is written before a thing is made and after it is proven. What exists is asked of the target and never of the ledger.
"""

from tasks.ledger.checks import Check, CheckResult, SavedState
from tasks.ledger.decisions import KeptDecision
from tasks.ledger.keep_renewed import keep_renewed, repeat_beside
from tasks.ledger.ledger import Ledger
from tasks.ledger.locks import Holder, Lease
from tasks.ledger.measurements import AggregatedMeasurement, Key
from tasks.ledger.owner import Owner
from tasks.ledger.releases import Release
from tasks.ledger.runs import Run, RunChange
from tasks.ledger.secrets import SecretVersion
from tasks.ledger.stacks import Override, StackRecord, StackState

__all__ = [
    "AggregatedMeasurement",
    "Check",
    "CheckResult",
    "Holder",
    "KeptDecision",
    "Key",
    "Lease",
    "Ledger",
    "Override",
    "Owner",
    "Release",
    "Run",
    "RunChange",
    "SavedState",
    "SecretVersion",
    "StackRecord",
    "StackState",
    "keep_renewed",
    "repeat_beside",
]  # fmt: skip
