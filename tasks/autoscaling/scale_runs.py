"""Start scale runs for decisions, through Prefect's API, without waiting for them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from httpx import HTTPError
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterName,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from infra_specs.errors import ServerError
from tasks.autoscaling.check import PendingDecision
from tasks.base.clock import now, utc_now
from tasks.ledger import Ledger
from tasks.ledger.owner_liveness import owner_is_alive
from tasks.run.active_runs import CHANGING_FLOWS, active_runs, stack_of
from tasks.run.tags import was_rejected

FINAL_STATES = (StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED)


@dataclass(frozen=True, slots=True)
class Started:
    """A decision and the scale run that applies it."""

    pending: PendingDecision
    flow_run_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A decision that a scale run rejected, and the run's message."""

    pending: PendingDecision
    why: str


def is_free(ledger: Ledger, pending: PendingDecision) -> bool:
    """Whether no run is changing the stack. A reconcile does not count: a scale run waits for it."""
    holder = ledger.locks.holder(pending.stack)
    if holder is None or holder.owner.verb == "reconcile":
        return True
    return holder.until <= now() or owner_is_alive(holder.owner) is False


def is_autoscaled(run: FlowRun) -> bool:
    """Whether a check started this scale run, and not a person."""
    return bool(run.parameters.get("decision_id"))


async def start(decisions: Iterable[PendingDecision]) -> tuple[Started | Rejected, ...]:
    """Start a scale run for each decision, unless its stack has an active run or it was rejected before.

    Idempotent: one decision starts one run. Raises ServerError if Prefect's API fails.
    """
    try:
        async with get_client() as client:
            busy = await _busy(client)
            deployment = await client.read_deployment_by_name("scale/scale")
            return tuple(
                [await _start_run(client, deployment.id, pending) for pending in decisions if pending.stack not in busy]
            )
    except ObjectNotFound as error:
        raise ServerError(
            "No scale run can be started: the scale flow is not served. Look at: tenfold server status"
        ) from error
    except (HTTPError, PrefectHTTPStatusError, OSError) as error:
        raise ServerError(f"No scale run can be started: Prefect's API says {error}.") from error


async def _start_run(client: PrefectClient, deployment: UUID, pending: PendingDecision) -> Started | Rejected:
    if why := await _rejection(client, pending):
        return Rejected(pending, why)
    run = await client.create_flow_run_from_deployment(
        deployment, parameters=_parameters(pending), idempotency_key=pending.key
    )
    return Started(pending, str(run.id))


async def _rejection(client: PrefectClient, pending: PendingDecision) -> str | None:
    """Why the decision would be rejected again: the stack's last run had the same request, and was rejected.

    A provision or a scale in between may have removed the cause, so the decision is tried again.
    """
    last = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            name=FlowRunFilterName(any_=[f"{verb} {pending.stack}" for verb in CHANGING_FLOWS]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(FINAL_STATES))),
        ),
        sort=FlowRunSort.END_TIME_DESC,
        limit=1,
    )
    request = {"service": pending.decision.service, "replicas": pending.decision.replicas}.items()
    for run in last:
        # A run of a person is rejected for more reasons.
        if is_autoscaled(run) and was_rejected(run) and request <= run.parameters.items():
            return (run.state and run.state.message) or "refused"
    return None


def _parameters(pending: PendingDecision) -> dict[str, Any]:
    decision = pending.decision
    return {
        "stack": pending.stack, "service": decision.service, "replicas": decision.replicas, "reason": decision.reason,
        "decision_id": pending.id,
    }  # fmt: skip


async def _busy(client: PrefectClient) -> set[str]:
    """Stacks with an active run, or one that is due. A run that is scheduled for later does not count."""
    return {name async for run in active_runs(client, utc_now()) if (name := stack_of(run.parameters))}
