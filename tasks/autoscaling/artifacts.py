"""The autoscaling artifacts on a run's page: why a count changed, and what to change next."""

from collections.abc import Iterable

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from infra_specs.advice.growth import Advice
from infra_specs.scaling.decision import Decision


async def show_decision(stack: str, decision: Decision) -> None:
    """Show the steps of a decision as a table: the count after each step, and why."""
    rows = [{"Step": step.name, "Replicas": str(step.replicas), "Why": step.reason} for step in decision.steps]
    rows.append({"Step": "decision", "Replicas": str(decision.replicas), "Why": decision.reason})
    await acreate_table_artifact(rows, key=f"why-{stack}-{decision.service}", description=decision.reason)


async def show_advice(stack: str, advice: Iterable[Advice]) -> None:
    """Show the advice for a stack, each item with its next step."""
    lines = [f"- **{item.about}**: {item}" for item in advice]
    text = "\n".join(lines) or f"Nothing presses, and nothing of {stack} is idle."
    await acreate_markdown_artifact(text, key=f"advice-{stack}", description=f"{len(lines)} to look at")
