"""A run that was refused is marked so in Prefect, by a tag: asked for again it would be refused again."""

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.runtime import flow_run

tag = "refused"


async def mark_refused() -> None:
    """Mark the run that this is called in. It is still a failed one, as any other."""
    async with get_client() as client:
        await client.update_flow_run(flow_run.id, tags=[*flow_run.tags, tag])


def was_refused(run: FlowRun) -> bool:
    """Whether nothing came of it because the spec or the plan forbids what was asked for."""
    return tag in run.tags
