"""The health of a container, from the engine's inspection and its own probe.

created ──start──▶ running ──answers──▶ healthy ──3 times without an answer, 1 s apart──▶ failed; a replica: unready
                      │  ▲                                (running on; healthy again if it answers again)
                   exits  started again by the engine, ever later; failed while it has ended 5 times within 10 s, or
                          once because its program is not there

One that answers that it loads its file or recovers is starting for as long as it says so.

A replica has failed if it did not answer in its start time, or if it is silent and all its processes are stopped (state
T). Who did not see it start cannot tell whether it ever answered, and takes it for unready.

A job is starting while it runs, healthy once it has ended with 0, and else failed.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from infra_specs.resources.instance import Health
from tasks.base.clock import now
from tasks.providers.docker.engine.client import epoch
from tasks.providers.docker.health.port_hint import port_hint
from tasks.providers.docker.health.probes import CannotAsk, ProbeFailed
from tasks.providers.docker.labels import data_of, probe_of

SETTLE_SECONDS = 1.0
"""Without a probe a container is healthy once it has run this long."""
BOOT_SECONDS = 60.0
"""Time that a container may take until its first answer, unless its probe says `start`."""
FAILURE_THRESHOLD = 3
PROBE_INTERVAL_SECONDS = 1.0
"""Failed probes that are closer together than this count once."""
CRASH_THRESHOLD = 5
SHORT_RUN_SECONDS = 10.0

_START_FAILURES = {126: "a program that may not be run", 127: "a program that is not there"}
"""The meaning of the exit codes that init and shells use for a command that cannot start."""

_SIGKILL_EXIT_CODE = 128 + 9

Ask = Callable[[dict[str, Any]], None]
"""Probes an inspected container once. Raises ProbeFailed."""
IsStopped = Callable[[dict[str, Any]], bool]
"""Whether all processes of an inspected container are stopped (state T)."""
Sockets = Callable[[dict[str, Any]], str]
"""The sockets of an inspected container, as its own /proc/net/tcp and tcp6 say; empty where nobody can tell."""


class HealthTracker:
    """Counts the failed probes in a row of each container, while the provider is open."""

    def __init__(self, ask: Ask, is_stopped: IsStopped, sockets: Sockets) -> None:
        self._ask, self._is_stopped, self._sockets = ask, is_stopped, sockets
        self._guard = threading.Lock()
        self._missed_probes: dict[str, list[float]] = {}
        self._silences: dict[str, int] = {}
        """How many of the missed probes, up to the newest, got no answer at all in their time."""
        self._answered: set[str] = set()
        self._silent_since_start: set[str] = set()
        """Those that were asked in their start time, and have not answered since."""
        self._port_hints: dict[str, str] = {}
        """Of those that did not answer in their start time: each is looked into once."""
        self._crashing: dict[str, Health] = {}

    def health(self, container: Mapping[str, Any]) -> Health:
        """Its health at one probe; never waits."""
        health = self._stopped_health(container) or self._running_health(dict(container), container["State"])
        return self._or_crashing(container, health)

    def settled_health(self, container: Mapping[str, Any]) -> Health:
        """Its health after as many probes as a decision takes; only one that stopped answering is probed again."""
        health = self.health(container)
        for _ in range(FAILURE_THRESHOLD - 1):
            if health.state != "starting" or not self._should_answer(container):
                break
            time.sleep(PROBE_INTERVAL_SECONDS)  # the pause between two probes, as a threshold of failures means it
            health = self.health(container)
        return health

    def is_hung(self, container: Mapping[str, Any]) -> bool:
        """Whether it runs and answered nothing at all as often as a decision takes. An answer that is not well is
        one: who gives it may be at work, and a restart would let it begin anew."""
        with self._guard:
            return self._silences.get(_start_key(container), 0) >= FAILURE_THRESHOLD

    def _or_crashing(self, container: Mapping[str, Any], health: Health) -> Health:
        """A container in a crash loop stays failed while the engine has only just restarted it."""
        identity, status = container["Id"], container["State"]["Status"]
        with self._guard:
            if status == "restarting" and health.state == "failed":
                self._crashing[identity] = health
            elif status != "running" or health.state != "starting":
                self._crashing.pop(identity, None)
            return self._crashing.get(identity, health)

    def _stopped_health(self, container: Mapping[str, Any]) -> Health | None:
        """The health of a container that does not run; None if it runs."""
        state, status = container["State"], container["State"]["Status"]
        since = epoch(state["FinishedAt"]) or epoch(container["Created"]) or now()
        if status == "created":
            return Health("failed", _start_error(state), since)
        if status == "paused":
            return Health("failed", "is paused", since)
        if status == "restarting":
            count = container["RestartCount"]
            brief = since - epoch(state["StartedAt"]) < SHORT_RUN_SECONDS
            enough = 1 if state["ExitCode"] in _START_FAILURES else CRASH_THRESHOLD
            if count >= enough and brief:
                return Health("failed", f"{_exit_reason(container)}, {count} {'times' if count > 1 else 'time'}", since)
            return Health("starting", f"{_exit_reason(container)}, is started again", since)
        return None if status == "running" else _exited_health(container, since)

    def _running_health(self, container: dict[str, Any], state: Mapping[str, Any]) -> Health:
        since = epoch(state["StartedAt"])
        if _is_job(container):
            return Health("starting", "runs", since)
        age = now() - since
        if probe_of(container["Config"]["Labels"]) is None:
            # If the engine's clock is ahead of ours, the age is negative and says nothing.
            settled = age < 0 or age >= SETTLE_SECONDS
            return Health("healthy" if settled else "starting", "runs" if settled else "has just begun", since)
        try:
            self._ask(container)
        except ProbeFailed as failure:
            return self._unanswered(container, failure, since)
        except CannotAsk as lack:
            with self._guard:
                known = _start_key(container) in self._answered
            return Health("healthy" if known else "starting", f"could not be asked: {lack}", since)
        with self._guard:
            self._answered.add(_start_key(container))
            self._silent_since_start.discard(_start_key(container))
            self._forget_misses(container)
        return Health("healthy", "answers", since)

    def _forget_misses(self, container: Mapping[str, Any]) -> None:
        self._missed_probes.pop(_start_key(container), None)
        self._silences.pop(_start_key(container), None)

    def _unanswered(self, container: Mapping[str, Any], failure: ProbeFailed, since: float) -> Health:
        reason, key = str(failure), _start_key(container)
        if failure.starting:
            with self._guard:
                self._forget_misses(container)
            return Health("starting", reason, since)
        if failure.silent and _is_replica(container) and self._is_stopped(dict(container)):
            return Health("failed", f"is stopped (state T), and does not answer: {reason}", since)
        if not self._should_answer(container):
            with self._guard:
                self._silent_since_start.add(key)
            return Health("starting", reason, since)
        with self._guard:
            looks = self._missed_probes.setdefault(key, [])
            if not looks or time.monotonic() - looks[-1] >= PROBE_INTERVAL_SECONDS * 0.9:
                looks.append(time.monotonic())
                self._silences[key] = self._silences.get(key, 0) + 1
            if not failure.silent:
                self._silences[key] = 0
            count = len(looks)
        if count >= FAILURE_THRESHOLD:
            return self._silent(container, reason, since)
        return Health("starting", f"{reason} ({count} of {FAILURE_THRESHOLD} times)", since)

    def _silent(self, container: Mapping[str, Any], reason: str, since: float) -> Health:
        """It should answer by now, and has not for as many probes as it takes to say so."""
        if not _is_replica(container):
            return Health("failed", f"does not answer: {reason}", since)
        if _start_key(container) in self._silent_since_start:
            probe = probe_of(container["Config"]["Labels"]) or {}
            note = f" ({probe['start_note']})" if "start_note" in probe else ""
            hint = self._port_hint(container, int(probe["port"]))
            return Health("failed", f"not ready after {_boot_seconds(container):g} s{note}: {reason}{hint}", since)
        return Health("unready", f"its process runs and does not answer: {reason}", now())

    def _port_hint(self, container: Mapping[str, Any], port: int) -> str:
        key = _start_key(container)
        if key not in self._port_hints:
            self._port_hints[key] = port_hint(self._sockets(dict(container)), port)
        return self._port_hints[key]

    def _should_answer(self, container: Mapping[str, Any]) -> bool:
        """Whether it has answered since its start, or its start time is over."""
        age = now() - epoch(container["State"]["StartedAt"])
        return container["State"]["Status"] == "running" and (
            _start_key(container) in self._answered or age > _boot_seconds(container)
        )


def _exited_health(container: Mapping[str, Any], since: float) -> Health:
    if not _is_job(container):
        return Health("failed", _exit_reason(container), since)
    # A job whose process was killed for lack of memory has failed, whatever its first process returned.
    code = container["State"]["ExitCode"] or (_SIGKILL_EXIT_CODE if container["State"].get("OOMKilled") else 0)
    return Health("failed" if code else "healthy", _exit_reason(container), since, code)


def _boot_seconds(container: Mapping[str, Any]) -> float:
    probe = probe_of(container["Config"]["Labels"]) or {}
    return float(probe.get("start", BOOT_SECONDS))


def _is_replica(container: Mapping[str, Any]) -> bool:
    return data_of(container["Config"]["Labels"]).get("kind") == "replica"


def _is_job(container: Mapping[str, Any]) -> bool:
    return data_of(container["Config"]["Labels"]).get("kind") == "job"


def _start_key(container: Mapping[str, Any]) -> str:
    """Identifies one start of a container."""
    return f"{container['Id']} {container['State']['StartedAt']}"


def _start_error(state: Mapping[str, Any]) -> str:
    error_text = str(state.get("Error") or "")
    if not error_text:
        return "was made and never started"
    # The engine says through which of its parts it went wrong; the last of them says what.
    return f"cannot be started (code {state['ExitCode']}): {error_text.rpartition('OCI runtime create failed: ')[2]}"


def _exit_reason(container: Mapping[str, Any]) -> str:
    state = container["State"]
    if state.get("OOMKilled"):
        limit = container["HostConfig"].get("Memory") or 0
        return f"ran out of memory{f' (limit {limit // 2**20} MB)' if limit else ''}"
    if state["ExitCode"] in _START_FAILURES:
        words = " ".join([container["Path"], *container["Args"]])
        return f"exited with {state['ExitCode']}: {_START_FAILURES[state['ExitCode']]}: {words}"
    return f"exited with {state['ExitCode']}"
