"""The run that a flow is in, as Prefect was asked for it."""

from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext

from tasks.base.clock import now


def this_run() -> FlowRun | None:
    """None where a flow is called without one."""
    context = FlowRunContext.get()
    return context.flow_run if context else None


def seconds_late(run: FlowRun) -> float:
    """How long after its time it is now; 0 for one that never had a time."""
    return now() - run.expected_start_time.timestamp() if run.expected_start_time else 0.0
