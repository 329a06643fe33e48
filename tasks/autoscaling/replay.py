"""Play the demand that there was through the policy of a service, and through another policy."""

from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from infra_specs.errors import LedgerError, SpecError
from infra_specs.replay.demand import Point, Window, from_table, windows
from infra_specs.replay.play import ReplayResult, play
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.policy import policy_of
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data
from tasks.autoscaling.scaled_stack import DEFAULT_START_SECONDS, ScaledStack
from tasks.base.clock import now
from tasks.ledger import Ledger, StackRecord

WHOLE_DAYS = 2
"""Days of which every window is kept; of earlier days only means of five minutes are."""
MEAN_SECONDS = 300.0
WINDOW_SECONDS = 15.0
"""The length of a window that is played."""


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """The demand and the policy to play. `table` and `policy` name files or are empty; `interval` is in seconds."""

    service: str
    table: str = ""
    interval: float = 60.0
    days: float = 1.0
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Replay:
    """The demand that was played, and the result of each policy: `policy`, and `other` if one was given."""

    stack: str
    request: ReplayRequest
    demand: tuple[Window, ...]
    replicas_needed: tuple[float, ...]
    """The demand in replicas, window by window."""
    results: dict[str, ReplayResult]
    smoothed_seconds: float
    """The part of the time of which only means of five minutes are known."""

    @property
    def seconds(self) -> float:
        """The length of the demand."""
        return len(self.demand) * WINDOW_SECONDS


def replay(ledger: Ledger, record: StackRecord, request: ReplayRequest) -> Replay:
    """Play the demand of one service.

    Raises PlanError for an unknown service, LedgerError where too little was measured, SpecError for a file with
    faults.
    """
    stack = record.stack()
    service = stack.service(request.service)
    points, smoothed_seconds = _points(ledger, stack, request)
    demand = windows(points, WINDOW_SECONDS)
    if not demand:
        raise LedgerError(
            f"Too little was measured of {request.service} of {stack.name} in this time. Give --days, or a --csv."
        )
    start_seconds = ledger.startup_times.by_service().get((stack.name, request.service), DEFAULT_START_SECONDS)
    policies = {"policy": stack, **({"other": _with_policy(stack, request)} if request.policy else {})}
    results = {
        name: _play(record, variant, request.service, demand, start_seconds) for name, variant in policies.items()
    }
    needed = tuple(window.in_flight / service.capacity for window in demand)
    return Replay(stack.name, request, demand, needed, results, smoothed_seconds)


def _points(ledger: Ledger, stack: Stack, request: ReplayRequest) -> tuple[tuple[Point, ...], float]:
    """The demand, and the seconds of it of which only means of five minutes are known."""
    if request.table:
        text = _text(request.table)
        return from_table(text, request.interval, stack.users.response_time, request.table), 0.0
    until = now()
    since = until - request.days * 86_400
    samples = ledger.measurements.samples(stack.name, request.service, since, until)
    whole = tuple((sample.at - sample.seconds, sample.requests_per_second, sample.in_flight) for sample in samples)
    if request.days <= WHOLE_DAYS:
        return whole, 0.0
    began = whole[0][0] if whole else until
    means = tuple(
        (mean.at, mean.requests_per_second, mean.in_flight)
        for mean in ledger.measurements.means(stack.name, request.service, since, until)
        if mean.at + MEAN_SECONDS <= began + WINDOW_SECONDS
    )
    return (*means, *whole), MEAN_SECONDS * len(means)


def _play(
    record: StackRecord, stack: Stack, service: str, demand: tuple[Window, ...], start_seconds: float
) -> ReplayResult:
    scaled = ScaledStack.of(replace(record, spec=stack.model_dump(mode="json", by_alias=True)))
    first = Measurement(demand[0].at, WINDOW_SECONDS)
    scaling_input = scaled.scaling_input(
        service, first, now=demand[0].at, interval=WINDOW_SECONDS, start_seconds=start_seconds
    )
    return play(policy_of(stack.services[service].scaling), scaling_input, demand, WINDOW_SECONDS)


def _with_policy(stack: Stack, request: ReplayRequest) -> Stack:
    """The stack with another `scaling` for the service, and with `replicas` and `capacity` if the file has them."""
    try:
        settings = yaml.safe_load(_text(request.policy))
    except yaml.YAMLError as error:
        raise SpecError(f"{request.policy} is not YAML: {error}") from None
    if not isinstance(settings, dict):
        raise SpecError(f"{request.policy}: must be a mapping such as {{window: 5m}}, as under a service's `scaling`.")
    spec = stack.model_dump(mode="json", by_alias=True)
    spec["services"][request.service] |= settings if "scaling" in settings else {"scaling": settings}
    return from_data(spec, request.policy)


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SpecError(f"{file} cannot be read: {why}.") from error
