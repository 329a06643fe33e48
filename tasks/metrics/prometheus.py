"""A Prometheus that is asked by query, over its HTTP API (https://prometheus.io/docs/prometheus/latest/querying/api/)."""

import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from infra_specs.errors import TransientError
from infra_specs.stackfile.models.metrics import Metrics, Signal
from tasks.metrics.circuit_breaker import CircuitBreaker

ANSWER_SECONDS = 1.5
"""Seconds for one query. After a timeout the other queries of the service are skipped in this check."""
MAX_ANSWER = 1_000_000
"""Bytes."""
STALE_SECONDS = 120.0
"""Seconds after which a value is stale: by its age, or since it last changed."""
MAX_VALUE = 1e9
"""Higher values are rejected as impossible."""

_SELECTOR = re.compile(r"^\s*[a-zA-Z_:][\w:]*\s*(\{[^{}]*\})?\s*$")


@dataclass(frozen=True, slots=True)
class Answers:
    """The values of one service's queries. `notes`: why values are missing, a sentence each.

    `partial`: Prometheus warns that its answer is incomplete. `stale`: at least one value is too old.
    """

    values: Mapping[Signal, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    partial: bool = False
    stale: bool = False


class _Refused(Exception):
    """A query that gave no number; the message says why."""


class _Silent(TransientError):
    """No answer in time, or no connection."""


class Prometheus:
    """A client for every Prometheus of one check. Thread-safe. Close it after the check."""

    def __init__(self) -> None:
        # Proxy settings of the environment are ignored: they are for outside addresses.
        self._client = httpx.Client(timeout=ANSWER_SECONDS, trust_env=False)
        self._breaker = CircuitBreaker()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(self, metrics: Metrics, stack: str, service: str, at: float) -> Answers:
        """Each query's value at that time (seconds since the epoch)."""
        values: dict[Signal, float] = {}
        notes: list[str] = []
        partial = stale = False
        open_reason = self._breaker.open_reason(metrics.prometheus, stack)
        for name, query in metrics.queries.items():
            if open_reason:
                notes.append(f"{name}: {open_reason}")
                continue
            text = query.replace("$stack", stack).replace("$service", service)
            try:
                value, incomplete = self._number(metrics.prometheus, stack, text, at)
                age = self._age(metrics.prometheus, stack, text, at) if _SELECTOR.match(text) else 0.0
            except (_Refused, _Silent) as why:
                notes.append(f"{name}: {why}")
                open_reason = str(why) if isinstance(why, _Silent) else None
                continue
            partial |= incomplete
            if age > STALE_SECONDS:
                notes.append(f"{name}: the newest value is {age:.0f} s old")
                stale = True
            else:
                values[name] = value
        return Answers(values, tuple(notes), partial, stale)

    def _number(self, url: str, stack: str, query: str, at: float) -> tuple[float, bool]:
        """The one number that a query gives, and whether Prometheus warns that it did not see all of it."""
        answer = self._answer(url, stack, query, at)
        value = _value(answer.get("data"))
        if value > MAX_VALUE:
            raise _Refused(f"the query gives {value:g}, which cannot be")
        return value, bool(answer.get("warnings"))

    def _age(self, url: str, stack: str, query: str, at: float) -> float:
        """Seconds since the newest sample of a plain selector, by Prometheus' own time of it."""
        return at - _value(self._answer(url, stack, f"max(timestamp({query}))", at).get("data"))

    def _answer(self, url: str, stack: str, query: str, at: float) -> dict[str, Any]:
        server = f"the Prometheus at {urlsplit(url).netloc}"
        try:
            status, body = self._get(url.rstrip("/") + "/api/v1/query", {"query": query, "time": f"{at:.3f}"})
        except (httpx.HTTPError, TimeoutError) as error:
            reason = f"{server} does not answer: {_words(error)}"
            if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                self._breaker.mark_unreachable(url, reason)
            else:
                self._breaker.count_miss(url, stack, reason)
            raise _Silent(reason) from error
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or "status" not in answer:
            raise _Refused(f"{server} answered {status} and not as a Prometheus does; is the address right?")
        if answer["status"] != "success":
            raise _Refused(f"{server} refused the query: {str(answer.get('error', status))[:300]}")
        return answer

    def _get(self, url: str, parameters: Mapping[str, str]) -> tuple[int, bytes]:
        deadline = time.monotonic() + ANSWER_SECONDS
        body = b""
        with self._client.stream("GET", url, params=parameters) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER:
                    raise _Refused(f"the answer is longer than {MAX_ANSWER} bytes; ask for one number")
                if time.monotonic() > deadline:
                    raise TimeoutError
            return response.status_code, body


def _value(data: Any) -> float:
    """Of the answer's `data`: a scalar, or a vector of one series."""
    match data:
        case {"resultType": "scalar", "result": [_, text]}:
            return _sane(text)
        case {"resultType": "vector", "result": [{"value": [_, text]}]}:
            return _sane(text)
        case {"resultType": "vector", "result": []}:
            raise _Refused("the query gives nothing")
        case {"resultType": "vector", "result": [_, _, *_] as series}:
            raise _Refused(f"the query gives {len(series)} series where one number is wanted; put sum(...) around it")
        case {"resultType": "matrix" | "string" as kind}:
            raise _Refused(f"the query gives a {kind} where one number is wanted")
    raise _Refused("the answer is not one of Prometheus")


def _sane(text: Any) -> float:
    try:
        value = float(text)
    except (TypeError, ValueError):
        raise _Refused(f"the query gives {str(text)[:50]!r}, which is no number") from None
    if math.isnan(value):
        raise _Refused("the query gives NaN: nothing divided by nothing, most likely")
    if not 0 <= value < math.inf:
        raise _Refused(f"the query gives {value:g}, which cannot be")
    return value


def _words(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return f"no answer within {ANSWER_SECONDS:g} s"
    cause: BaseException = error
    while (deeper := cause.__cause__ or cause.__context__) is not None:
        cause = deeper
    return (cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)) or type(error).__name__
