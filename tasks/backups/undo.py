"""The refusal of everything that would make the data newer while the data from before is to be put back."""

from infra_specs.errors import PlanError
from tasks.ledger import Ledger


def refuse_undo(ledger: Ledger, stack: str) -> None:
    """Raise PlanError while a restore of the stack is to be taken back. Ask under the lock that a restore holds.

    What was written since would be lost with what the restore left, and the data from before must not count as old.
    """
    if undo := ledger.undos.find(stack):
        raise PlanError(
            f"The restore of {undo.backup} failed, and the data of {stack} from before is still beside what it left. "
            f"Put it back first: tenfold reconcile {stack}"
        )
