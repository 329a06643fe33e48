"""The place of this run in the queue of its stack: by when it was asked for, not by when its process began."""

from datetime import UTC, datetime

from httpx import HTTPError
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import PrefectHTTPStatusError
from prefect.runtime import flow_run

from infra_specs.turns import Ticket
from tasks.base.clock import now
from tasks.ledger import Ledger
from tasks.run.active_runs import CHANGING_FLOWS, active_runs, stack_of

BEGIN_SECONDS = 10.0
"""Seconds that a new process takes at most until the ledger knows that it lives."""


def own_ticket(verb: str) -> Ticket | None:
    """The ticket of this flow run; None for a run that nobody asked for, and for one that asks for the lock later.

    The scaler's runs have none: its next check decides anew.
    """
    asked = flow_run.id and flow_run.flow_name == verb and verb in CHANGING_FLOWS
    if not asked or flow_run.parameters.get("decision_id"):
        return None
    return Ticket(flow_run.scheduled_start_time.timestamp(), str(flow_run.id))


async def comes_later(ledger: Ledger, stack: str, ticket: Ticket) -> bool:
    """Whether a run of this stack was asked for earlier and its process has yet to begin, or to end.

    False where Prefect cannot be asked: then the queue of the ledger alone decides.
    """
    due = datetime.fromtimestamp(ticket.asked + 1, UTC)  # the filter's own moment may be left out
    alive = ledger.liveness.alive()
    try:
        async with get_client() as client:
            async for run in active_runs(client, due):
                if run.expected_start_time is None or stack_of(run.parameters) != stack:
                    continue
                earlier = Ticket(run.expected_start_time.timestamp(), str(run.id)) < ticket
                if earlier and alive.get(str(run.id), _begins(run)):
                    return True
    except (HTTPError, PrefectHTTPStatusError, OSError):
        return False
    return False


def _begins(run: FlowRun) -> bool:
    """Whether a run that the ledger knows nothing of is about to begin: it has no process yet, or a new one."""
    return run.start_time is None or now() - run.start_time.timestamp() < BEGIN_SECONDS
