"""The last autoscale check, in a line."""

from typing import Any

from rich.text import Text

from deployments.cli.installation import Installation, tenfold
from deployments.cli.terminal.words import ago
from tasks.autoscaling.interval import scalable_since, seconds_between_checks
from tasks.autoscaling.staleness import staleness
from tasks.base.clock import now


def line(installation: Installation) -> Text | None:
    """When services were last checked, or a warning that nobody checks them; None where no stack is wanted."""
    if not any(record.wanted for record in installation.ledger.stacks.all()):
        return None
    last = installation.ledger.checks.last()
    if warning := _warning(installation):
        return Text.assemble((warning, "yellow"), f" Look at: {tenfold()} server status")
    return Text(f"Scaling: checked {ago(now() - last.at)}, {last.message}", "dim") if last else None


def data(installation: Installation) -> dict[str, Any]:
    """The same as JSON data."""
    last = installation.ledger.checks.last()
    return {
        "last": last.at if last else None,
        "message": last.message if last else None,
        "silent": _warning(installation),
    }


def _warning(installation: Installation) -> str | None:
    ledger = installation.ledger
    first = min((record.since for record in ledger.stacks.all() if record.wanted), default=now())
    seconds = seconds_between_checks(ledger, installation.settings)
    return staleness(ledger.checks.last(), seconds, now(), awake_since=scalable_since(ledger) or first)
