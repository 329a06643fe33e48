"""Whether the scaling is looked after, in a line."""

from typing import Any

from rich.text import Text

from deployments.cli.installation import Installation, tenfold
from deployments.cli.terminal.words import ago
from tasks.autoscaling.staleness import staleness
from tasks.base.clock import now


def checks(place: Installation) -> Text | None:
    """When services were last checked, or that nobody checks them; nothing where there is none to check."""
    if not any(known.wanted for known in place.ledger.stacks()):
        return None
    last = place.ledger.last_check()
    if said := _silence(place):
        return Text.assemble((said, "yellow"), f" Look at: {tenfold()} server status")
    return Text(f"Scaling: checked {ago(now() - last.at)}, {last.message}", "dim") if last else None


def data(place: Installation) -> dict[str, Any]:
    """The same as JSON data."""
    last = place.ledger.last_check()
    return {
        "last": last.at if last else None,
        "message": last.message if last else None,
        "silent": _silence(place),
    }


def _silence(place: Installation) -> str | None:
    first = min((known.since for known in place.ledger.stacks() if known.wanted), default=now())
    return staleness(place.ledger.last_check(), place.settings.autoscale_seconds, now(), awake_since=first)
