"""How a container is: from what the engine says of it, and what it answers itself.

created ──start──▶ running ──answers──▶ healthy ──3 times without an answer, 1 s apart──▶ failed
                      │  ▲                                (running on; healthy again if it answers again)
                   exits  started again by the engine, ever later; failed while it has ended 5 times within 10 s, or
                          once because its program is not there

A job is starting while it runs, healthy once it has ended with 0, and else failed.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from infra_specs.resources.instance import Health
from tasks.base.clock import now
from tasks.providers.docker.engine import epoch
from tasks.providers.docker.labels import known_by, probe_of
from tasks.providers.docker.probes import Unwell

settle_seconds = 1.0
"""Without a probe: so long it must run to be called healthy."""
boot_seconds = 60.0
"""So long it may take until its first answer."""
threshold = 3
between_seconds = 1.0
"""Looks that are nearer to one another than this count once."""
crashes = 5
short_seconds = 10.0

_not_run = {126: "a program that may not be run", 127: "a program that is not there"}
"""What init and shells say of a command, by their exit code."""

_killed = 128 + 9

Ask = Callable[[dict[str, Any]], None]
"""Asks a container (as inspected) once; raises Unwell."""


class States:
    """What this provider has seen of containers while it was open: how often each has not answered in a row."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._guard = threading.Lock()
        self._silent: dict[str, list[float]] = {}
        self._answered: set[str] = set()
        self._crashing: dict[str, Health] = {}

    def health(self, container: Mapping[str, Any]) -> Health:
        """How it is at one look; never waits."""
        found = self._ended(container) or self._running(dict(container), container["State"])
        return self._unless_it_keeps_ending(container, found)

    def judged(self, container: Mapping[str, Any]) -> Health:
        """How it is, looked at as often as a judgement takes: only one that no longer answers is looked at again."""
        health = self.health(container)
        for _ in range(threshold - 1):
            if health.state != "starting" or not self._should_answer(container):
                break
            time.sleep(between_seconds)
            health = self.health(container)
        return health

    def _unless_it_keeps_ending(self, container: Mapping[str, Any], found: Health) -> Health:
        """One that failed by ending again and again has not begun well because the engine has just started it anew."""
        identity, status = container["Id"], container["State"]["Status"]
        with self._guard:
            if status == "restarting" and found.state == "failed":
                self._crashing[identity] = found
            elif status != "running" or found.state != "starting":
                self._crashing.pop(identity, None)
            return self._crashing.get(identity, found)

    def _ended(self, container: Mapping[str, Any]) -> Health | None:
        """None for one that runs."""
        state, status = container["State"], container["State"]["Status"]
        since = epoch(state["FinishedAt"]) or epoch(container["Created"]) or now()
        if status == "created":
            return Health("failed", _unstarted(state), since)
        if status == "paused":
            return Health("failed", "is paused", since)
        if status == "restarting":
            count = container["RestartCount"]
            brief = since - epoch(state["StartedAt"]) < short_seconds
            enough = 1 if state["ExitCode"] in _not_run else crashes
            if count >= enough and brief:
                return Health("failed", f"{_how(container)}, {count} {'times' if count > 1 else 'time'}", since)
            return Health("starting", f"{_how(container)}, is started again", since)
        return None if status == "running" else _over(container, since)

    def _running(self, container: dict[str, Any], state: Mapping[str, Any]) -> Health:
        since = epoch(state["StartedAt"])
        if _is_job(container):
            return Health("starting", "runs", since)
        age = now() - since
        if probe_of(container["Config"]["Labels"]) is None:
            # A clock of the engine's that goes before ours says nothing of how long it runs.
            settled = age < 0 or age >= settle_seconds
            return Health("healthy" if settled else "starting", "runs" if settled else "has just begun", since)
        try:
            self._ask(container)
        except Unwell as unwell:
            return self._unanswered(container, str(unwell), since)
        with self._guard:
            self._answered.add(_key(container))
            self._silent.pop(_key(container), None)
        return Health("healthy", "answers", since)

    def _unanswered(self, container: Mapping[str, Any], why: str, since: float) -> Health:
        if not self._should_answer(container):
            return Health("starting", why, since)
        with self._guard:
            looks = self._silent.setdefault(_key(container), [])
            if not looks or time.monotonic() - looks[-1] >= between_seconds * 0.9:
                looks.append(time.monotonic())
            count = len(looks)
        if count >= threshold:
            return Health("failed", f"does not answer: {why}", since)
        return Health("starting", f"{why} ({count} of {threshold} times)", since)

    def _should_answer(self, container: Mapping[str, Any]) -> bool:
        """Whether it has answered since its start, or had its time to."""
        age = now() - epoch(container["State"]["StartedAt"])
        return container["State"]["Status"] == "running" and (_key(container) in self._answered or age > boot_seconds)


def _over(container: Mapping[str, Any], since: float) -> Health:
    if not _is_job(container):
        return Health("failed", _how(container), since)
    # What lost a part of itself for want of memory has not done its work, whatever its first process says.
    code = container["State"]["ExitCode"] or (_killed if container["State"].get("OOMKilled") else 0)
    return Health("failed" if code else "healthy", _how(container), since, code)


def _is_job(container: Mapping[str, Any]) -> bool:
    return known_by(container["Config"]["Labels"]).get("kind") == "job"


def _key(container: Mapping[str, Any]) -> str:
    """One life of a container."""
    return f"{container['Id']} {container['State']['StartedAt']}"


def _unstarted(state: Mapping[str, Any]) -> str:
    why = str(state.get("Error") or "")
    if not why:
        return "was made and never started"
    # The engine says through which of its parts it went wrong; the last of them says what.
    return f"cannot be started (code {state['ExitCode']}): {why.rpartition('OCI runtime create failed: ')[2]}"


def _how(container: Mapping[str, Any]) -> str:
    state = container["State"]
    if state.get("OOMKilled"):
        limit = container["HostConfig"].get("Memory") or 0
        return f"ran out of memory{f' (limit {limit // 2**20} MB)' if limit else ''}"
    if state["ExitCode"] in _not_run:
        words = " ".join([container["Path"], *container["Args"]])
        return f"exited with {state['ExitCode']}: {_not_run[state['ExitCode']]}: {words}"
    return f"exited with {state['ExitCode']}"
