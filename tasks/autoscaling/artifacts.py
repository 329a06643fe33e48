"""What is to be seen of the scaling on a run's page: why a count changed, and what to change next."""

from collections.abc import Iterable

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from infra_specs.advice.growth import Advice
from infra_specs.scaling.decision import Decision


async def show_decision(stack: str, decision: Decision) -> None:
    """The steps of a decision as a table: what each made of the count, and why."""
    rows = [{"Step": step.name, "Replicas": str(step.replicas), "Why": step.reason} for step in decision.steps]
    rows.append({"Step": "decision", "Replicas": str(decision.replicas), "Why": decision.reason})
    await acreate_table_artifact(rows, key=f"why-{stack}-{decision.service}", description=decision.reason)


async def show_advice(stack: str, found: Iterable[Advice]) -> None:
    """What is to be said of a stack's growth and sizes, each with its next step."""
    said = [f"- **{one.about}**: {one}" for one in found]
    text = "\n".join(said) or f"Nothing presses, and nothing of {stack} is idle."
    await acreate_markdown_artifact(text, key=f"advice-{stack}", description=f"{len(said)} to look at")
