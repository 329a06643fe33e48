"""Tags of our runs in Prefect: what others must know of a run without reading its sentences."""

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.runtime import flow_run

REJECTED = "refused"
"""The spec or the plan forbids the request: the same request would be rejected again."""
UNCHANGED = "unchanged"
"""The run changed nothing."""


async def tag_run(tag: str) -> None:
    """Tag the current run. Its state stays as it is."""
    async with get_client() as client:
        await client.update_flow_run(flow_run.id, tags=[*flow_run.tags, tag])


def was_rejected(run: FlowRun) -> bool:
    """Whether the run failed since the spec or the plan forbids the request."""
    return REJECTED in run.tags


def was_unchanged(run: FlowRun) -> bool:
    """Whether the run came to its end and changed nothing."""
    return UNCHANGED in run.tags
