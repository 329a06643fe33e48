"""From what the engine says of a container, and what it answers, to its health."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.providers.docker.health import tracker
from tasks.providers.docker.health.probes import CannotAsk, ProbeFailed
from tasks.providers.docker.health.tracker import HealthTracker
from tasks.providers.docker.labels import PROBE_LABEL

pytestmark = pytest.mark.pure
moment = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "now", moment.timestamp)


class Turns:
    """Answers in turn, the last one for ever."""

    def __init__(self, *answers: Callable[[Any], None]) -> None:
        self.answers = list(answers)

    def __call__(self, told: Any) -> None:
        (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(told)


def container(
    status: str = "running",
    *,
    ago: float = 300.0,
    ran: float = 300.0,
    probe: bool = True,
    restarts: int = 0,
    **state: Any,
) -> dict[str, Any]:
    """As the engine tells of one that was started so many seconds ago and, if it ended, ran for so long."""
    started = moment - timedelta(seconds=ago)
    labels = {PROBE_LABEL: json.dumps({"kind": "tcp", "port": 1})} if probe else {}
    return {
        "Id": "c0",
        "Created": _text(started),
        "RestartCount": restarts,
        "Path": "run",
        "Args": ["app"],
        "HostConfig": {"Memory": 64 * 2**20},
        "Config": {"Labels": labels},
        "State": {
            "Status": status,
            "StartedAt": _text(started),
            "FinishedAt": "0001-01-01T00:00:00Z" if status == "running" else _text(started + timedelta(seconds=ran)),
            "ExitCode": 0,
            "Error": "",
            "OOMKilled": False,
            **state,
        },
    }


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "789Z"


def answers(_: Any) -> None:
    """It is well."""


def runs(_: Any) -> bool:
    return False


def nothing(_: Any) -> str:
    return ""


def silent(_: Any) -> None:
    raise ProbeFailed("port 1: Connection refused")


def hangs(_: Any) -> None:
    raise ProbeFailed("port 1: no answer within 1 s", silent=True)


def loads(_: Any) -> None:
    raise ProbeFailed("the server answered -LOADING", starting=True)


def test_one_that_loads_is_starting_for_as_long_as_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "PROBE_INTERVAL_SECONDS", 0.0)
    looks = HealthTracker(Turns(hangs, hangs, *[loads] * 9, hangs, hangs, hangs), runs, nothing)
    told = container(ago=3600)
    seen = [looks.health(told).state for _ in range(13)]
    assert set(seen) == {"starting"}
    assert not looks.is_hung(told)
    assert looks.health(told).state == "failed"
    assert looks.is_hung(told)


@pytest.mark.parametrize(
    ("asked", "hung"),
    [
        ((hangs, hangs, hangs), True),
        ((silent, silent, silent), False),
        ((silent, silent, hangs), False),
        ((hangs, hangs, silent), False),
        ((silent, hangs, hangs, hangs), True),
        ((hangs, hangs, hangs, answers), False),
    ],
)
def test_only_what_answers_nothing_hangs(
    asked: tuple[Callable[[Any], None], ...], hung: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker, "PROBE_INTERVAL_SECONDS", 0.0)
    looks, told = HealthTracker(Turns(*asked), runs, nothing), container()
    for _ in asked:
        looks.health(told)
    assert looks.is_hung(told) is hung


@pytest.mark.parametrize(
    ("told", "state", "reason"),
    [
        (container(), "healthy", "answers"),
        (container("exited", ExitCode=3), "failed", "exited with 3"),
        (container("exited", ExitCode=137, OOMKilled=True), "failed", "ran out of memory (limit 64 MB)"),
        (container("dead", ExitCode=1), "failed", "exited with 1"),
        (container("paused"), "failed", "is paused"),
        (container("created"), "failed", "was made and never started"),
        (
            container("created", ExitCode=127, Error='OCI runtime create failed: exec: "x": not found'),
            "failed",
            'cannot be started (code 127): exec: "x": not found',
        ),
        (container("restarting", ran=0.1, restarts=2, ExitCode=1), "starting", "exited with 1, is started again"),
        (container("restarting", ran=0.1, restarts=5, ExitCode=1), "failed", "exited with 1, 5 times"),
        (
            container("restarting", ran=0.1, restarts=1, ExitCode=127),
            "failed",
            "exited with 127: a program that is not there: run app, 1 time",
        ),
        (container("restarting", ran=3600, restarts=50, ExitCode=1), "starting", "exited with 1, is started again"),
        (container(probe=False), "healthy", "runs"),
        (container(probe=False, ago=0.1), "starting", "has just begun"),
        (container(probe=False, ago=-50), "healthy", "runs"),
    ],
)
def test_what_the_engine_says(told: dict[str, Any], state: str, reason: str) -> None:
    health = HealthTracker(answers, runs, nothing).health(told)
    assert (health.state, health.reason) == (state, reason)


def test_it_has_its_time_to_boot() -> None:
    looks = HealthTracker(silent, runs, nothing)
    assert {looks.health(container(ago=30)).state for _ in range(10)} == {"starting"}


def test_many_looks_at_one_moment_are_one() -> None:
    looks = HealthTracker(silent, runs, nothing)
    told = container()
    assert {looks.health(told).state for _ in range(10)} == {"starting"}


def test_silence_of_one_that_answered_is_a_failure_the_third_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "PROBE_INTERVAL_SECONDS", 0.0)
    told = container(ago=5)
    looks = HealthTracker(Turns(answers, silent, silent, silent, silent, answers, silent), runs, nothing)
    seen = [looks.health(told) for _ in range(7)]
    assert [each.state for each in seen] == [
        "healthy", "starting", "starting", "failed", "failed", "healthy", "starting",
    ]  # fmt: skip
    assert seen[3].reason == "does not answer: port 1: Connection refused"


def test_one_judgement_looks_until_it_is_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "PROBE_INTERVAL_SECONDS", 0.0)
    assert HealthTracker(silent, runs, nothing).settled_health(container()).state == "failed"
    assert HealthTracker(silent, runs, nothing).settled_health(container(ago=5)).state == "starting"
    assert HealthTracker(Turns(silent, answers), runs, nothing).settled_health(container()).state == "healthy"


def test_one_that_keeps_ending_has_failed_until_it_is_well() -> None:
    looks = HealthTracker(Turns(silent, silent, answers, silent), runs, nothing)
    ended, begun = container("restarting", ran=0.1, restarts=5, ExitCode=1), container(ago=0.1)
    seen = [looks.health(told) for told in (begun, ended, begun, begun, begun)]
    assert [each.state for each in seen] == ["starting", "failed", "failed", "healthy", "starting"]
    assert seen[2].reason == "exited with 1, 5 times"


@pytest.mark.parametrize(
    ("told", "state", "reason", "code"),
    [
        (container(ago=3600), "starting", "runs", None),
        (container("exited"), "healthy", "exited with 0", 0),
        (container("exited", ExitCode=3), "failed", "exited with 3", 3),
        (container("exited", OOMKilled=True), "failed", "ran out of memory (limit 64 MB)", 137),
        (container("created"), "failed", "was made and never started", None),
    ],
)
def test_a_job_is_well_once_it_has_ended_well(told: dict[str, Any], state: str, reason: str, code: int | None) -> None:
    told = {**told, "Config": {"Labels": {"tenfold.kind": "job"}}}
    health = HealthTracker(answers, runs, nothing).health(told)
    assert (health.state, health.reason, health.code) == (state, reason, code)


def replica(**fields: Any) -> dict[str, Any]:
    """A container that runs a copy of a service."""
    told = container(**fields)
    probe = {
        "kind": "http",
        "port": 1,
        "path": "/",
        "start": 90.0,
        "start_note": "start: 90s; raise services.web.start",
    }
    labels = {PROBE_LABEL: json.dumps(probe), "tenfold.kind": "replica"}
    return {**told, "Config": {"Labels": labels}}


def test_a_replica_that_answered_and_is_silent_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "PROBE_INTERVAL_SECONDS", 0.0)
    looks = HealthTracker(Turns(answers, silent, silent, silent, answers), runs, nothing)
    seen = [looks.health(replica()) for _ in range(5)]
    assert [each.state for each in seen] == ["healthy", "starting", "starting", "unready", "healthy"]
    assert seen[3].reason == "its process runs and does not answer: port 1: Connection refused"
    assert HealthTracker(silent, runs, nothing).settled_health(replica()).state == "unready"


def test_a_replica_that_is_stopped_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "PROBE_INTERVAL_SECONDS", 0.0)
    starting = HealthTracker(hangs, lambda _: True, nothing).health(replica(ago=1))
    assert (starting.state, starting.reason.partition(",")[0]) == ("failed", "is stopped (state T)")
    assert HealthTracker(hangs, runs, nothing).health(replica(ago=1)).state == "starting"
    assert HealthTracker(silent, lambda _: True, nothing).settled_health(replica()).state == "unready"


def test_a_replica_that_was_never_ready_has_failed_after_its_own_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "PROBE_INTERVAL_SECONDS", 0.0)
    looks = HealthTracker(silent, runs, nothing)
    told = replica(ago=91)
    monkeypatch.setattr(tracker, "now", lambda: moment.timestamp() - 2)
    assert looks.health(told).state == "starting"
    monkeypatch.setattr(tracker, "now", moment.timestamp)
    health = looks.settled_health(told)
    note = "not ready after 90 s (start: 90s; raise services.web.start): port 1: Connection refused"
    assert (health.state, health.reason) == ("failed", note)


def test_a_replica_that_listens_elsewhere_is_looked_into_once_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "PROBE_INTERVAL_SECONDS", 0.0)
    looked: list[str] = []

    def sockets(told: Any) -> str:
        looked.append(told["Id"])
        return "sl local\n 0: 00000000:0BB8 00000000:0000 0A 0\n"

    looks, told = HealthTracker(silent, runs, sockets), replica(ago=91)
    monkeypatch.setattr(tracker, "now", lambda: moment.timestamp() - 2)
    looks.health(told)
    assert not looked, "while it may yet start it is left alone"
    monkeypatch.setattr(tracker, "now", moment.timestamp)
    reasons = {looks.settled_health(told).reason for _ in range(3)}
    assert [reason.partition("; it ")[2][:40] for reason in reasons] == ["listens on port 3000 and not on 1, which"]
    assert looked == ["c0"]


def test_who_cannot_be_asked_is_as_before() -> None:
    """This side has no port left for a connection, which says nothing of the container."""

    def lacks(_: Any) -> None:
        raise CannotAsk("Cannot assign requested address")

    looks = HealthTracker(Turns(lacks, answers, lacks), runs, nothing)
    assert [looks.health(container(ago=300.0)).state for _ in range(6)] == ["starting", *["healthy"] * 5]
