"""Remove leftovers of a stack that no instance needs and no plan names."""

from tasks.run.context import RunContext, current
from tasks.run.fence import fenced
from tasks.run.retry import retryable_task


async def sweep(context: RunContext) -> None:
    """Remove leftovers of the stack, on targets that can have any."""
    await fenced(context, lambda: context.provider.sweep(context.stack))


@retryable_task("sweep what is left")
async def sweep_here() -> None:
    """Remove leftovers of the run's stack, with retries if the target does not answer."""

    await sweep(current())
