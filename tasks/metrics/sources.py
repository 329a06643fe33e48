"""Measure every service of a stack since the last check: the proxy's counters, overridden by Prometheus values."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from infra_specs.errors import ProviderError, TransientError
from infra_specs.scaling.measurement import Measurement, Status
from infra_specs.stack_fault import StackFault
from infra_specs.stackfile.models.metrics import Metrics
from tasks.base.clock import now
from tasks.metrics.prometheus import STALE_SECONDS, Answers, Prometheus
from tasks.metrics.reading import Reading
from tasks.metrics.window import MAX_WINDOW, Window, added, between, impossible
from tasks.providers.seam.parts import TrafficCounts
from tasks.providers.seam.provider import KindProvider


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """The sources of one service: its proxy, a Prometheus, both or neither."""

    routed: bool
    metrics: Metrics | None = None


@dataclass(frozen=True, slots=True)
class ServiceSample:
    """The measurement of one service.

    `readings`: plain JSON data for the next check. `notes`: problems of sources, a sentence each, for the run's log.
    `fault`: set if the stack's target did not answer for any service.
    """

    measured: Measurement
    readings: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    fault: StackFault | None = None


def measure(
    stack: str,
    services: Mapping[str, SourceConfig],
    provider: KindProvider,
    before: Mapping[str, Mapping[str, Any]],
    prometheus: Prometheus,
) -> dict[str, ServiceSample]:
    """Read every source once and compare it with the previous readings, by service.

    Blocks for as long as the slowest source: a second for the proxy, 1.5 s for each query, and 4.5 s for all queries of
    a hanging Prometheus. A failing source raises nothing: the sample says why there is no measurement.
    """
    routed = [service for service, asked in services.items() if asked.routed]
    readings_before = {service: kept_readings(before.get(service, {})) for service in routed}
    seen, fault = _by_target(stack, provider, readings_before) if routed else ({}, None)
    for service, asked in services.items():
        own = seen.get(service, ServiceSample(_nothing(), {}))
        if asked.metrics:
            answers = prometheus.ask(asked.metrics, stack, service, own.measured.at)
            own = _with(own, asked, answers, before.get(service, {}).get("prometheus") or {})
        seen[service] = replace(own, fault=fault)
    return seen


def _by_target(
    stack: str, provider: KindProvider, before: Mapping[str, Mapping[str, Reading]]
) -> tuple[dict[str, ServiceSample], StackFault | None]:
    """What the target says of each of these services, by its proxies or itself; and what is wrong with the target."""
    why, fault = "", None
    readings: dict[str, dict[str, Reading]] = {}
    try:
        if provider.measures:
            measured = provider.measures.measured(stack)
            return {service: _self_measured(measured.get(service)) for service in before}, None
        if provider.traffic:
            readings = _readings(provider.traffic, stack)
            why = "the proxy does not know the service" if readings else "the proxy does not answer"
        else:
            why = "this target counts no requests: give the service queries to a Prometheus"
    except TransientError as error:
        why = str(error)
    except ProviderError as error:
        why, fault = "its target cannot be read", StackFault.of(stack, error)
    return {service: by_proxies(readings.get(service, {}), reading, why) for service, reading in before.items()}, fault


def _readings(traffic: TrafficCounts, stack: str) -> dict[str, dict[str, Reading]]:
    """Service -> proxy -> its reading, all of one moment."""
    counts, at = traffic.counts(stack), now()
    return {
        service: {proxy: Reading.of(count, at) for proxy, count in proxies.items()}
        for service, proxies in counts.items()
    }


def _self_measured(measured: Measurement | None) -> ServiceSample:
    if measured is None:
        return ServiceSample(_nothing(), {}, ("the target has measured nothing of the service yet",))
    return ServiceSample(measured, {})


def _nothing() -> Measurement:
    return Measurement(now(), 0.0, status="absent")


def by_proxies(readings: Mapping[str, Reading], before: Mapping[str, Reading], why: str) -> ServiceSample:
    """What the proxies of one service saw since the readings `before`; `why` there is no reading, if there is none.

    What cannot be is not kept: the next check compares with what was true last. A proxy that was read a short time ago
    and says nothing now is missing; one that is silent for longer has gone for good.
    """
    windows, notes, kept = list[Window](), list[str](), dict[str, Reading]()
    at = max((reading.at for reading in readings.values()), default=now())
    recent = {name: reading for name, reading in before.items() if at - reading.at <= MAX_WINDOW}
    for name, reading in readings.items():
        if lie := impossible(reading):
            notes.append(lie)
            continue
        window, wrong = between(before.get(name), reading)
        windows.append(window)
        notes += wrong
        kept[name] = reading
    missing = {name: recent[name] for name in recent if name not in kept}
    if not windows:
        return ServiceSample(_nothing(), {"proxies": _as_data(before)}, tuple(notes) or (why,))
    notes += [f"{name} does not answer: what it counted is missing" for name in missing if name not in readings]
    lies = len(readings) - len(windows)
    measured = added(windows, len(missing.keys() - readings.keys()) + lies)
    return ServiceSample(measured, {"proxies": _as_data({**missing, **kept})}, tuple(notes))


def kept_readings(data: Mapping[str, Any]) -> dict[str, Reading]:
    """Proxy -> its reading of the check before. An older version kept that of its only proxy, without a name."""
    named = data.get("proxies") or {"proxy/main": data.get("proxy")}
    readings = {str(name): Reading.from_data(reading) for name, reading in named.items()}
    return {name: reading for name, reading in readings.items() if reading is not None}


def _as_data(readings: Mapping[str, Reading]) -> dict[str, Any]:
    return {name: reading.as_data() for name, reading in readings.items()}


def _with(seen: ServiceSample, asked: SourceConfig, answers: Answers, before: Mapping[str, Any]) -> ServiceSample:
    """The proxy's sample, overridden by the values of Prometheus."""
    believed, readings = _moving(answers, before, seen.measured.at)
    measured = _joined(seen.measured, asked, believed)
    return ServiceSample(measured, {**seen.readings, "prometheus": readings}, (*seen.notes, *believed.notes))


def _moving(answers: Answers, before: Mapping[str, Any], at: float) -> tuple[Answers, dict[str, Any]]:
    """The answers, refused where no digit has changed for long though requests come; and what to keep of them. What is
    counted moves with every request; what is inside, as open connections, may well be the same for an hour."""
    values = dict(answers.values)
    since = before.get("since", at) if values and values == before.get("values") else at
    reading = {"values": values, "since": since}
    if at - since > STALE_SECONDS and values.get("requests_per_second"):
        note = f"no digit of what Prometheus answers has changed for {at - since:.0f} s"
        return Answers(notes=(*answers.notes, note), stale=True), reading
    return answers, reading


def _joined(proxy: Measurement, asked: SourceConfig, answers: Answers) -> Measurement:
    values: dict[str, Any] = {str(name): value for name, value in answers.values.items()}
    whole = asked.metrics is not None and values.keys() == asked.metrics.queries.keys() and not answers.partial
    demand = bool({"requests_per_second", "in_flight"} & values.keys())
    return replace(proxy, **values, status=_status(proxy.status, asked.routed, answers, whole=whole, demand=demand))


def _status(proxy: Status, routed: bool, answers: Answers, *, whole: bool, demand: bool) -> Status:
    """The status of the source that carries the demand. If any configured query is missing, `partial` at best."""
    seen = proxy not in ("absent", "stale")
    if whole and (demand or not routed):
        return "fresh"
    if whole and seen:
        return proxy
    if seen or (answers.values and (demand or not routed)):
        return "partial"
    return "stale" if answers.stale or proxy == "stale" else "absent"
