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
from tasks.metrics.circuit_breaker import Patience

answer_seconds = 1.5
"""For one query. When one takes longer, the others of its service are not asked in this check."""
longest_answer = 1_000_000
"""Bytes."""
stale_seconds = 120.0
"""A value older than this tells nothing of now, nor does one that has not changed by a digit for as long."""
most = 1e9
"""Who says more of anything is wrong."""

_selector = re.compile(r"^\s*[a-zA-Z_:][\w:]*\s*(\{[^{}]*\})?\s*$")


@dataclass(frozen=True, slots=True)
class Answers:
    """What the queries of one service gave; what is missing is in no value. `notes` say why, a sentence each.

    `partial`: Prometheus itself says that it did not see all. `stale`: at least one value is too old.
    """

    values: Mapping[Signal, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    partial: bool = False
    stale: bool = False


class _Refused(Exception):
    """A query without a number to show for it; the message says how."""


class _Silent(TransientError):
    """No answer, or none in time, or nobody there."""


class Prometheus:
    """Every Prometheus that one check asks; safe to use from many threads. Close it after the check."""

    def __init__(self) -> None:
        # Of the environment nothing is taken: a proxy for the outside has no business with an inner address.
        self._client = httpx.Client(timeout=answer_seconds, trust_env=False)
        self._patience = Patience()

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
        silent = self._patience.over(metrics.prometheus, stack)
        for name, query in metrics.queries.items():
            if silent:
                notes.append(f"{name}: {silent}")
                continue
            said = query.replace("$stack", stack).replace("$service", service)
            try:
                value, warned = self._number(metrics.prometheus, stack, said, at)
                late = self._age(metrics.prometheus, stack, said, at) if _selector.match(said) else 0.0
            except (_Refused, _Silent) as why:
                notes.append(f"{name}: {why}")
                silent = str(why) if isinstance(why, _Silent) else None
                continue
            partial |= warned
            if late > stale_seconds:
                notes.append(f"{name}: the newest value is {late:.0f} s old")
                stale = True
            else:
                values[name] = value
        return Answers(values, tuple(notes), partial, stale)

    def _number(self, url: str, stack: str, query: str, at: float) -> tuple[float, bool]:
        """The one number that a query gives, and whether Prometheus warns that it did not see all of it."""
        answer = self._answer(url, stack, query, at)
        value = _value(answer.get("data"))
        if value > most:
            raise _Refused(f"the query gives {value:g}, which cannot be")
        return value, bool(answer.get("warnings"))

    def _age(self, url: str, stack: str, query: str, at: float) -> float:
        """Seconds since the newest sample of a plain selector, by Prometheus' own time of it."""
        return at - _value(self._answer(url, stack, f"max(timestamp({query}))", at).get("data"))

    def _answer(self, url: str, stack: str, query: str, at: float) -> dict[str, Any]:
        where = f"the Prometheus at {urlsplit(url).netloc}"
        try:
            status, body = self._get(url.rstrip("/") + "/api/v1/query", {"query": query, "time": f"{at:.3f}"})
        except (httpx.HTTPError, TimeoutError) as error:
            why = f"{where} does not answer: {_words(error)}"
            if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                self._patience.gone(url, why)
            else:
                self._patience.late(url, stack, why)
            raise _Silent(why) from error
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or "status" not in answer:
            raise _Refused(f"{where} answered {status} and not as a Prometheus does; is the address right?")
        if answer["status"] != "success":
            raise _Refused(f"{where} refused the query: {str(answer.get('error', status))[:300]}")
        return answer

    def _get(self, url: str, asked: Mapping[str, str]) -> tuple[int, bytes]:
        deadline = time.monotonic() + answer_seconds
        body = b""
        with self._client.stream("GET", url, params=asked) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > longest_answer:
                    raise _Refused(f"the answer is longer than {longest_answer} bytes; ask for one number")
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
        return f"no answer within {answer_seconds:g} s"
    cause: BaseException = error
    while (deeper := cause.__cause__ or cause.__context__) is not None:
        cause = deeper
    return (cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)) or type(error).__name__
