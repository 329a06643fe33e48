"""The scale runs that decisions start, through Prefect's API. Nobody waits for them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from httpx import HTTPError
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterName,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from infra_specs.errors import ServerError
from tasks.autoscaling.check import Due
from tasks.base.clock import now
from tasks.ledger import Ledger
from tasks.ledger.owner_liveness import alive
from tasks.run.rejection import was_refused

changing = ("scale", "provision", "deploy", "rollback", "teardown")
"""Flows whose run keeps others off its stack."""
under_way = (StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)
over = (StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED)
page = 200
"""Runs that the server gives in one answer."""


@dataclass(frozen=True, slots=True)
class Started:
    """A decision and the scale run that carries it out."""

    due: Due
    flow_run_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A decision that a scale run refused, and why: what the run said."""

    due: Due
    why: str


def free(ledger: Ledger, due: Due) -> bool:
    """Whether nobody is changing the stack. A reconcile does not count: a scale run waits for it."""
    holder = ledger.holder(due.stack)
    if holder is None or holder.owner.verb == "reconcile":
        return True
    return holder.until <= now() or alive(holder.owner) is False


def is_the_scalers(run: FlowRun, stack: str) -> bool:
    """Whether it is a scale run of this stack that a check asked for, and no person."""
    return (run.idempotency_key or "").startswith(f"{stack} ")


async def start(wanted: Iterable[Due]) -> tuple[Started | Refused, ...]:
    """A scale run for each of these decisions, but for those whose stack has a run under way or about to begin, and for
    those that were refused.

    One decision starts one run, however often this is asked. Raises ServerError when Prefect's API does not do it.
    """
    try:
        async with get_client() as client:
            busy = await _busy(client)
            deployment = await client.read_deployment_by_name("scale/scale")
            return tuple([await _asked(client, deployment.id, due) for due in wanted if due.stack not in busy])
    except ObjectNotFound as error:
        raise ServerError(
            "No scale run can be started: the scale flow is not served. Look at: tenfold server status"
        ) from error
    except (HTTPError, PrefectHTTPStatusError, OSError) as error:
        raise ServerError(f"No scale run can be started: Prefect's API says {error}.") from error


async def _asked(client: PrefectClient, deployment: UUID, due: Due) -> Started | Refused:
    if why := await _refused(client, due):
        return Refused(due, why)
    run = await client.create_flow_run_from_deployment(deployment, parameters=_parameters(due), idempotency_key=due.key)
    return Started(due, str(run.id))


async def _refused(client: PrefectClient, due: Due) -> str | None:
    """Why this would be refused again: the last run that changed the stack was asked for the same, and was refused.

    Whoever provisions or scales it since then may have mended it, and it is asked for again.
    """
    last = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            name=FlowRunFilterName(any_=[f"{verb} {due.stack}" for verb in changing]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(over))),
        ),
        sort=FlowRunSort.END_TIME_DESC,
        limit=1,
    )
    same = {"service": due.decision.service, "replicas": due.decision.replicas}.items()
    for run in last:
        # A person's is refused for more.
        if is_the_scalers(run, due.stack) and was_refused(run) and same <= run.parameters.items():
            return (run.state and run.state.message) or "refused"
    return None


def _parameters(due: Due) -> dict[str, Any]:
    decision = due.decision
    return {
        "stack": due.stack, "service": decision.service, "replicas": decision.replicas, "reason": decision.reason,
    }  # fmt: skip


async def _busy(client: PrefectClient) -> set[str]:
    """Stacks that a run is at, or will be in a moment; one that is scheduled for later is not."""
    now, found = datetime.now(UTC), list[FlowRun]()
    while True:
        runs = await client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=list(changing))),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(under_way))),
                expected_start_time=FlowRunFilterExpectedStartTime(before_=now),
            ),
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=page,
            offset=len(found),
        )
        found += runs
        if len(runs) < page:
            return {name for run in found if (name := _stack_of(run.parameters))}


def _stack_of(parameters: dict[str, Any]) -> str:
    spec = parameters.get("spec")
    return str(parameters.get("stack") or (spec.get("name") if isinstance(spec, dict) else "") or "")
