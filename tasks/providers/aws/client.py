"""The one door to AWS: boto3 is loaded, and a client is made, when a service is first asked."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock, local
from typing import Any, TypeVar

from tasks.providers.aws.calls import CALLS, action_of
from tasks.providers.aws.errors import translated

CALLS_A_SECOND = 20.0
"""Of the whole process: an account's own limits are shared with everybody who uses it."""
MOST_ATTEMPTS = 4
_MORE = ("NextToken", "nextToken", "NextMarker", "Marker")
"""What a page says by that another one follows."""
CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0

T = TypeVar("T")


class _Rate:
    """Lets callers through one after another, no oftener than so many a second."""

    def __init__(self, a_second: float) -> None:
        self._gap = 1 / a_second
        self._lock = Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Return when it is the caller's turn. Blocks."""
        with self._lock:
            begin = max(time.monotonic(), self._next)
            self._next = begin + self._gap
        time.sleep(max(0.0, begin - time.monotonic()))


_RATE = _Rate(CALLS_A_SECOND)


class AwsClient:
    """Calls of one region with one profile. Blocks; may be used by several threads at once."""

    def __init__(self, region: str, profile: str | None = None) -> None:
        self._region, self._profile = region, profile
        self._session: Any = None
        self._clients: dict[str, Any] = {}
        self._lock = Lock()
        self._memory = local()

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """A block in which this thread asks nothing twice: for one look at everything, which changes nothing."""
        self._memory.answers = {}
        try:
            yield
        finally:
            self._memory.answers = None

    def call(self, service: str, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        """AWS's answer. Raises ProviderError or TransientError for what AWS refuses, or does not answer."""

        def ask() -> Mapping[str, Any]:
            with self._asked(service, operation) as client:
                answer: Mapping[str, Any] = getattr(client, operation)(**parameters)
            self.answered(service, operation)
            return answer

        return self._once((service, operation, sorted(parameters.items())), ask)

    def pages(self, service: str, operation: str, key: str, /, **parameters: Any) -> Iterator[Any]:
        """What is under a key of every page of an answer, one after another. Raises as `call` does."""
        listed = self._pages(service, operation, key, parameters)
        if self._answers is None:
            return listed
        return iter(self._once((service, operation, key, sorted(parameters.items())), lambda: tuple(listed)))

    def _pages(self, service: str, operation: str, key: str, parameters: Mapping[str, Any]) -> Iterator[Any]:
        with self._asked(service, operation) as client:
            pages = iter(client.get_paginator(operation).paginate(**parameters))
        while True:
            with translated(action_of(service, operation)):
                page = next(pages, None)
            if page is None:
                return
            self.answered(service, operation)
            yield from page.get(key, ())
            if any(page.get(name) for name in _MORE):
                _RATE.wait()

    def _once(self, question: object, ask: Callable[[], T]) -> T:
        """What `ask` answers; within `remembering` what it has answered already."""
        answers = self._answers
        if answers is None:
            return ask()
        known = repr(question)
        if known not in answers:
            answers[known] = ask()
        answer: T = answers[known]
        return answer

    @property
    def _answers(self) -> dict[str, Any] | None:
        return getattr(self._memory, "answers", None)

    def answered(self, service: str, operation: str) -> None:
        """Told after each answer. A test overrides it."""

    def close(self) -> None:
        """Give back the connections."""
        with self._lock:
            clients, self._clients = tuple(self._clients.values()), {}
        for client in clients:
            client.close()

    @contextmanager
    def _asked(self, service: str, operation: str) -> Iterator[Any]:
        assert operation in CALLS[service], f"{service}.{operation} is not in the table of calls"
        _RATE.wait()
        with translated(action_of(service, operation)):
            yield self._client(service)

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._new_client(service)
            return self._clients[service]

    def _new_client(self, service: str) -> Any:
        import boto3
        from botocore.config import Config

        if self._session is None:
            self._session = boto3.session.Session(profile_name=self._profile, region_name=self._region)
        config = Config(
            retries={"mode": "standard", "max_attempts": MOST_ATTEMPTS},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            user_agent_extra="tenfold",
        )
        return self._session.client(service, config=config)
