"""What every service of a stack did since the last check: the proxy's numbers, and over them those of a Prometheus."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from infra_specs.errors import ProviderError, TransientError
from infra_specs.scaling.measurement import Measured, Status
from infra_specs.stack_fault import StackFault
from infra_specs.stackfile.models.metrics import Metrics
from tasks.base.clock import now
from tasks.metrics.prometheus import Answers, Prometheus, stale_seconds
from tasks.metrics.reading import Reading
from tasks.metrics.window import between, impossible
from tasks.providers.base import Counts, Provider


@dataclass(frozen=True, slots=True)
class Asked:
    """Where one service's numbers come from: the proxy that routes to it, a Prometheus, both or neither."""

    routed: bool
    metrics: Metrics | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What was measured of one service.

    `readings` is plain JSON data, to be given to the next check. `notes` say what was wrong with a source, a sentence
    each, for the run's log. `fault` says that the stack's target told nothing of any of its services.
    """

    measured: Measured
    readings: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    fault: StackFault | None = None


def measure(
    stack: str,
    services: Mapping[str, Asked],
    provider: Provider,
    before: Mapping[str, Mapping[str, Any]],
    prometheus: Prometheus,
) -> dict[str, Seen]:
    """Ask every source once and compare with the readings of the check before, by service.

    Blocks for as long as the slowest source may take: a second for the proxy, 1.5 s for each query, and 4.5 s for all
    those of a Prometheus that hangs. A source that fails raises nothing: that nothing was seen is a result, which says
    why.
    """
    routed = any(asked.routed for asked in services.values())
    readings, why, fault = _read(stack, provider) if routed else ({}, "", None)
    found = {}
    for service, asked in services.items():
        kept = before.get(service, {})
        seen = _by_proxy(readings.get(service), why, kept) if asked.routed else Seen(_nothing(), {})
        if asked.metrics:
            answers = prometheus.ask(asked.metrics, stack, service, seen.measured.at)
            seen = _with(seen, asked, answers, kept.get("prometheus") or {})
        found[service] = replace(seen, fault=fault)
    return found


def _read(stack: str, provider: Provider) -> tuple[dict[str, Reading], str, StackFault | None]:
    """By service; why nothing can be said of those that are not there; and what is wrong with the stack's target."""
    if not isinstance(provider, Counts):
        return {}, "this target counts no requests: give the service queries to a Prometheus", None
    try:
        traffic = provider.traffic(stack)
    except TransientError as error:
        return {}, str(error), None
    except ProviderError as error:
        return {}, "its target cannot be read", StackFault.of(stack, error)
    at = now()
    found = {service: Reading.of(one, at) for service, one in traffic.items()}
    return found, "the proxy does not answer" if not found else "the proxy does not know the service", None


def _nothing() -> Measured:
    return Measured(now(), 0.0, status="absent")


def _by_proxy(reading: Reading | None, why: str, before: Mapping[str, Any]) -> Seen:
    """What cannot be is not kept: the next check compares with what was true last."""
    if reading is None:
        return Seen(_nothing(), {"proxy": before.get("proxy")}, (why,))
    if lie := impossible(reading):
        return Seen(_nothing(), {"proxy": before.get("proxy")}, (lie,))
    measured, notes = between(Reading.from_data(before.get("proxy")), reading)
    return Seen(measured, {"proxy": reading.as_data()}, notes)


def _with(seen: Seen, asked: Asked, answers: Answers, before: Mapping[str, Any]) -> Seen:
    """What the proxy said, and over it what Prometheus answered."""
    believed, kept = _moving(answers, before, seen.measured.at)
    measured = _joined(seen.measured, asked, believed)
    return Seen(measured, {**seen.readings, "prometheus": kept}, (*seen.notes, *believed.notes))


def _moving(answers: Answers, before: Mapping[str, Any], at: float) -> tuple[Answers, dict[str, Any]]:
    """The answers, refused where no digit has changed for long though requests come; and what to keep of them. What is
    counted moves with every request; what is inside, as open connections, may well be the same for an hour."""
    values = dict(answers.values)
    since = before.get("since", at) if values and values == before.get("values") else at
    kept = {"values": values, "since": since}
    if at - since > stale_seconds and values.get("requests_per_second"):
        said = f"no digit of what Prometheus answers has changed for {at - since:.0f} s"
        return Answers(notes=(*answers.notes, said), stale=True), kept
    return answers, kept


def _joined(proxy: Measured, asked: Asked, answers: Answers) -> Measured:
    values: dict[str, Any] = {str(name): value for name, value in answers.values.items()}
    whole = asked.metrics is not None and values.keys() == asked.metrics.queries.keys() and not answers.partial
    demand = bool({"requests_per_second", "in_flight"} & values.keys())
    return replace(proxy, **values, status=_status(proxy.status, asked.routed, answers, whole=whole, demand=demand))


def _status(proxy: Status, routed: bool, answers: Answers, *, whole: bool, demand: bool) -> Status:
    """As well as what carries the demand was seen; less than all that was asked for is partial at best."""
    seen = proxy not in ("absent", "stale")
    if whole and (demand or not routed):
        return "fresh"
    if whole and seen:
        return proxy
    if seen or (answers.values and (demand or not routed)):
        return "partial"
    return "stale" if answers.stale or proxy == "stale" else "absent"
