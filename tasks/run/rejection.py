"""Tag rejected runs in Prefect: the same request would be rejected again."""

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.runtime import flow_run

REJECTED_TAG = "refused"


async def mark_rejected() -> None:
    """Tag the current run as rejected. Its state stays `Failed`."""
    async with get_client() as client:
        await client.update_flow_run(flow_run.id, tags=[*flow_run.tags, REJECTED_TAG])


def was_rejected(run: FlowRun) -> bool:
    """Whether the run failed since the spec or the plan forbids the request."""
    return REJECTED_TAG in run.tags
