"""Tags of our runs in Prefect: what others must know of a run without reading its sentences."""

from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import AsyncClientContext
from prefect.runtime import flow_run

from tasks.run.held_logs import keep_log

REJECTED = "refused"
"""The spec or the plan forbids the request: the same request would be rejected again."""
NOTABLE = "notable"
"""A person or a decision asked for the run, or it changed something by itself, or it failed."""

DRIFT = "drift"
"""A target told of drift, and the control plane started the run: what failed before rests, as on the timer."""


async def tag_run(*tags: str) -> None:
    """Give the current run these tags beside those that it began with. Its state stays as it is. Its log is kept."""
    keep_log()
    if new := [tag for tag in tags if tag not in flow_run.tags]:
        async with AsyncClientContext.get_or_create() as context:
            await context.client.update_flow_run(flow_run.id, tags=[*flow_run.tags, *new])


def is_of_drift(run: FlowRun) -> bool:
    """Whether the control plane started the run since a target told of drift."""
    return DRIFT in run.tags


def was_rejected(run: FlowRun) -> bool:
    """Whether the run failed since the spec or the plan forbids the request."""
    return REJECTED in run.tags


def was_unchanged(run: FlowRun) -> bool:
    """Whether a run came to its end and changed nothing, and nobody asked for it."""
    return run.state_type is StateType.COMPLETED and NOTABLE not in run.tags
