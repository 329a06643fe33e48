"""The part of Prefect's API that the command line uses: submit a run, and see how it goes.

Plain HTTP, since importing Prefect's own client takes longer than most commands run.
"""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

import httpx
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential

from deployments.cli.following.proven_transport import ProvenTransport
from deployments.server.control_plane import ControlPlane
from deployments.server.login import callers_login
from deployments.server.sessions import CODES_PATH, LOGIN_PATH
from infra_specs.errors import ServerError
from tasks.base.settings import settings

ANSWER_SECONDS = 30.0
BUSY_CODES = (429, 503)
"""Prefect's server answers 503 while another write locks its SQLite database."""
BUSY_SECONDS = 20.0
"""Seconds after which a busy server is not asked again."""
ENDED_TYPES = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass(frozen=True, slots=True)
class FlowRun:
    """A flow run. `type` and `state` are Prefect's type and name of its state: RUNNING and `Late`."""

    id: str
    name: str
    type: str
    state: str
    message: str

    @property
    def ended(self) -> bool:
        return self.type in ENDED_TYPES

    @property
    def succeeded(self) -> bool:
        return self.type == "COMPLETED"


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line that a run logged. `level` is a number of `logging`; `at` is a moment as the server writes it."""

    id: str
    at: str
    level: int
    logger: str
    message: str

    @property
    def is_warning(self) -> bool:
        """Whether a person should see it, though nothing failed."""
        return logging.WARNING <= self.level < logging.ERROR


class RunApi(Protocol):
    """The part of the API that following a run uses."""

    def run(self, id: str) -> FlowRun: ...
    def logs(self, id: str, after: str | None) -> tuple[LogLine, ...]: ...


class PrefectApi:
    """One server over one connection. Every call raises ServerError if the server does not answer, or refuses."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(base_url=url, timeout=ANSWER_SECONDS, transport=transport, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def login_code(self) -> str:
        """A code that a browser logs in with, good once and for a short time."""
        return str(self._ask("POST", str(self._http.base_url.join(CODES_PATH)))["code"])

    def submit(self, flow: str, parameters: Mapping[str, Any]) -> FlowRun:
        """Ask for a run of the deployment `flow/flow` that begins at once."""
        deployment = self._ask("GET", f"/deployments/name/{flow}/{flow}")
        # With the same key, a request that is sent twice makes one run.
        key = str(uuid.uuid4())
        body = {"parameters": dict(parameters), "state": {"type": "SCHEDULED"}, "idempotency_key": key}
        return _flow_run(self._ask("POST", f"/deployments/{deployment['id']}/create_flow_run", body))

    def run(self, id: str) -> FlowRun:
        """The run as it is now."""
        return _flow_run(self._ask("GET", f"/flow_runs/{id}"))

    def logs(self, id: str, after: str | None) -> tuple[LogLine, ...]:
        """At most 200 lines of a run, the oldest first, from the moment `after` on (inclusive)."""
        query: dict[str, Any] = {"flow_run_id": {"any_": [id]}}
        if after is not None:
            query["timestamp"] = {"after_": after}
        lines = self._ask("POST", "/logs/filter", {"logs": query, "sort": "TIMESTAMP_ASC", "limit": 200})
        return tuple(
            LogLine(line["id"], line["timestamp"], line["level"], line["name"], line["message"]) for line in lines
        )

    def artifact(self, id: str, key: str) -> str | None:
        """The artifact that a run left under a key; None if there is none."""
        query = {"flow_run_id": {"any_": [id]}, "key": {"any_": [key]}}
        artifacts = self._ask("POST", "/artifacts/filter", {"artifacts": query, "limit": 1})
        return str(artifacts[0]["data"]) if artifacts else None

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        try:
            answer = self._send(method, path, body)
        except httpx.TransportError as error:
            raise ServerError(
                f"The control plane at {self._http.base_url} does not answer ({error or type(error).__name__}). "
                "Look at: tenfold server status"
            ) from error
        if answer.is_success:
            return answer.json()
        raise ServerError(
            f"The control plane refused {method} {path}: {answer.status_code} {_detail(answer)}. "
            "Look at: tenfold server status"
        )

    def _send(self, method: str, path: str, body: Any) -> httpx.Response:
        retrying = Retrying(
            retry=retry_if_result(lambda answer: answer.status_code in BUSY_CODES),
            wait=wait_exponential(multiplier=0.1, max=2),
            stop=stop_after_delay(BUSY_SECONDS),
        )
        try:
            return retrying(self._http.request, method, path, json=body)
        except RetryError as error:
            last_answer: httpx.Response = error.last_attempt.result()
            return last_answer


def logged_in(plane: ControlPlane) -> PrefectApi:
    """The API of this installation's control plane. Raises ServerError or SpecError without the right login."""
    return PrefectApi(plane.api_url, ProvenTransport(callers_login(settings())))


def login_address(plane: ControlPlane) -> str:
    """An address that logs a browser in, good once and for a short time. Raises as `logged_in` does."""
    with logged_in(plane) as api:
        return f"{plane.ui_url}{LOGIN_PATH}#{api.login_code()}"


def _flow_run(data: Any) -> FlowRun:
    state = data.get("state") or {"type": "PENDING", "name": "Pending", "message": None}
    return FlowRun(data["id"], data["name"], state["type"], state["name"], state["message"] or "")


def _detail(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return answer.reason_phrase
    detail = body.get("detail") or body.get("exception_message") if isinstance(body, dict) else body
    return str(detail or answer.reason_phrase)
