"""What cannot be observed: stacks as last desired, who changes them, runs, releases, decisions and secrets.

It is written before a thing is made and after it is proven. What exists is asked of the target and never of the ledger.
"""

from tasks.ledger.checks import Check, Checked, Remembered
from tasks.ledger.decisions import KeptDecision
from tasks.ledger.keep_renewed import held
from tasks.ledger.ledger import Ledger
from tasks.ledger.lock import Hold, Holder
from tasks.ledger.measurements import Key, Measurement
from tasks.ledger.owner import Owner
from tasks.ledger.releases import Release
from tasks.ledger.runs import Run, RunChange
from tasks.ledger.secrets import SecretVersion
from tasks.ledger.stacks import Override, Wanted

__all__ = [
    "Check", "Checked", "Hold", "Holder", "KeptDecision", "Key", "Ledger", "Measurement", "Override", "Owner",
    "Release", "Remembered", "Run", "RunChange", "SecretVersion", "Wanted", "held",
]  # fmt: skip
