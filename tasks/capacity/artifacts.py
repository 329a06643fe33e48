"""Why a service got another number of replicas, to look at on the page of the run that did it."""

from prefect.artifacts import acreate_table_artifact

from infra_specs.scaling.decision import Decision


async def show_decision(stack: str, decision: Decision) -> None:
    """The steps of a decision as a table: what each made of the count, and why."""
    rows = [{"Step": step.name, "Replicas": str(step.replicas), "Why": step.reason} for step in decision.steps]
    rows.append({"Step": "decision", "Replicas": str(decision.replicas), "Why": decision.reason})
    await acreate_table_artifact(rows, key=f"why-{stack}-{decision.service}", description=decision.reason)
