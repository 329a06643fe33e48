"""What a stack wants now: its spec as last given, and over it what was asked for since."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra_specs.catalogue.desired import desired_state
from infra_specs.errors import LedgerError
from infra_specs.plan.resource import Resource
from infra_specs.pricing.price import Price, price
from infra_specs.sizing.size import Sizing, size
from infra_specs.spec.load import stored
from infra_specs.spec.stack import Stack
from tasks.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Wish:
    """A stack with everything decided: sizes, price, and the resources that shall exist."""

    stack: Stack
    source: str
    """The folder that relative paths of the spec start at."""
    sizing: Sizing
    price: Price
    resources: tuple[Resource, ...]


def wish(ledger: Ledger, stack: Stack, source: str, counts: Mapping[str, int] | None = None) -> Wish:
    """Decide everything about `stack`, with the counts and secrets that the ledger holds for it. Changes nothing.

    `counts` are replicas by service that are asked for only now, and win over the ledger's.
    Raises PlanError for what cannot be built: a missing secret, more replicas than sense.
    """
    known = ledger.wanted(stack.name)
    asked = {**(known.overrides if known else {}), **(counts or {})}
    sizing = size(stack)
    resources = desired_state(stack, sizing, counts=asked, secrets=ledger.secret_versions(stack.name), source=source)
    return Wish(stack, source, sizing, price(stack, sizing, resources), resources)


def remembered(ledger: Ledger, name: str) -> tuple[Stack, str]:
    """The spec of a stack as the ledger last heard it, and its source folder.

    Raises LedgerError, naming the stacks that it does know.
    """
    known = ledger.wanted(name)
    if known is None:
        others = ", ".join(stack.name for stack in ledger.stacks()) or "none yet"
        raise LedgerError(f"No stack is called `{name}`. Known: {others}. Give its file to `tenfold provision` first.")
    return stored(known.spec), known.source


def still_wanted(ledger: Ledger, name: str) -> bool:
    """False for a stack that is torn down or unknown."""
    known = ledger.wanted(name)
    return known is not None and known.wanted
