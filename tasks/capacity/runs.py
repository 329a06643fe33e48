"""The scale runs that decisions start, through Prefect's API. Nobody waits for them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from httpx import HTTPError
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from infra_specs.errors import ServerError
from tasks.capacity.check import Due
from tasks.clock import now
from tasks.ledger import Ledger
from tasks.ledger.alive import alive

changing = ("scale", "provision", "deploy", "rollback", "teardown")
"""Flows whose run keeps others off its stack."""
under_way = (StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)


@dataclass(frozen=True, slots=True)
class Started:
    """A decision and the scale run that carries it out."""

    due: Due
    flow_run_id: str


def free(ledger: Ledger, due: Due) -> bool:
    """Whether nobody is changing the stack. A reconcile does not count: a scale run waits for it."""
    holder = ledger.holder(due.stack)
    if holder is None or holder.owner.verb == "reconcile":
        return True
    return holder.until <= now() or alive(holder.owner) is False


async def start(wanted: Iterable[Due]) -> tuple[Started, ...]:
    """A scale run for each of these decisions, but for those whose stack has a run under way or about to begin.

    One decision starts one run, however often this is asked. Raises ServerError when Prefect's API does not do it.
    """
    try:
        async with get_client() as client:
            busy = await _busy(client)
            deployment = await client.read_deployment_by_name("scale/scale")
            started = []
            for due in wanted:
                if due.stack not in busy:
                    run = await client.create_flow_run_from_deployment(
                        deployment.id, parameters=_parameters(due), idempotency_key=due.key
                    )
                    started.append(Started(due, str(run.id)))
            return tuple(started)
    except ObjectNotFound as error:
        raise ServerError(
            "No scale run can be started: the scale flow is not served. Look at: tenfold server status"
        ) from error
    except (HTTPError, PrefectHTTPStatusError, OSError) as error:
        raise ServerError(f"No scale run can be started: Prefect's API says {error}.") from error


def _parameters(due: Due) -> dict[str, Any]:
    decision = due.decision
    return {
        "stack": due.stack, "service": decision.service, "replicas": decision.replicas, "reason": decision.reason,
    }  # fmt: skip


async def _busy(client: PrefectClient) -> set[str]:
    """Stacks that a run is at, or will be in a moment; one that is scheduled for later is not."""
    runs = await client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=list(changing))),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(under_way))),
            expected_start_time=FlowRunFilterExpectedStartTime(before_=datetime.now(UTC)),
        ),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=200,
    )
    return {name for run in runs if (name := _stack_of(run.parameters))}


def _stack_of(parameters: dict[str, Any]) -> str:
    spec = parameters.get("spec")
    return str(parameters.get("stack") or (spec.get("name") if isinstance(spec, dict) else "") or "")
