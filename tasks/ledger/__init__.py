"""What cannot be observed: stacks as last wanted, who changes them, runs, and secrets."""

from tasks.ledger.held import held
from tasks.ledger.ledger import Ledger
from tasks.ledger.lock import Hold, Holder
from tasks.ledger.owner import Owner
from tasks.ledger.releases import Release
from tasks.ledger.runs import Run, RunChange
from tasks.ledger.secrets import SecretVersion
from tasks.ledger.stacks import Override, Wanted

__all__ = [
    "Hold", "Holder", "Ledger", "Override", "Owner", "Release", "Run", "RunChange", "SecretVersion", "Wanted", "held",
]  # fmt: skip
