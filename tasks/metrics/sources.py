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
from tasks.metrics.window import between, impossible
from tasks.providers.base import Counts, Provider


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
    provider: Provider,
    before: Mapping[str, Mapping[str, Any]],
    prometheus: Prometheus,
) -> dict[str, ServiceSample]:
    """Read every source once and compare it with the previous readings, by service.

    Blocks for as long as the slowest source: a second for the proxy, 1.5 s for each query, and 4.5 s for all queries of
    a hanging Prometheus. A failing source raises nothing: the sample says why there is no measurement.
    """
    routed = any(asked.routed for asked in services.values())
    readings, why, fault = _read(stack, provider) if routed else ({}, "", None)
    results = {}
    for service, asked in services.items():
        saved = before.get(service, {})
        sample = _by_proxy(readings.get(service), why, saved) if asked.routed else ServiceSample(_nothing(), {})
        if asked.metrics:
            answers = prometheus.ask(asked.metrics, stack, service, sample.measured.at)
            sample = _with(sample, asked, answers, saved.get("prometheus") or {})
        results[service] = replace(sample, fault=fault)
    return results


def _read(stack: str, provider: Provider) -> tuple[dict[str, Reading], str, StackFault | None]:
    """Readings by service, the reason for missing ones, and the fault of the stack's target, if any."""
    if not isinstance(provider, Counts):
        return {}, "this target counts no requests: give the service queries to a Prometheus", None
    try:
        traffic = provider.traffic(stack)
    except TransientError as error:
        return {}, str(error), None
    except ProviderError as error:
        return {}, "its target cannot be read", StackFault.of(stack, error)
    at = now()
    readings = {service: Reading.of(service_traffic, at) for service, service_traffic in traffic.items()}
    return readings, "the proxy does not answer" if not readings else "the proxy does not know the service", None


def _nothing() -> Measurement:
    return Measurement(now(), 0.0, status="absent")


def _by_proxy(reading: Reading | None, why: str, before: Mapping[str, Any]) -> ServiceSample:
    """The sample from the proxy. An impossible reading is not kept: the next check compares with the last valid one."""
    if reading is None:
        return ServiceSample(_nothing(), {"proxy": before.get("proxy")}, (why,))
    if lie := impossible(reading):
        return ServiceSample(_nothing(), {"proxy": before.get("proxy")}, (lie,))
    measured, notes = between(Reading.from_data(before.get("proxy")), reading)
    return ServiceSample(measured, {"proxy": reading.as_data()}, notes)


def _with(seen: ServiceSample, asked: SourceConfig, answers: Answers, before: Mapping[str, Any]) -> ServiceSample:
    """The proxy's sample, overridden by the values of Prometheus."""
    current, saved = _moving(answers, before, seen.measured.at)
    measured = _joined(seen.measured, asked, current)
    return ServiceSample(measured, {**seen.readings, "prometheus": saved}, (*seen.notes, *current.notes))


def _moving(answers: Answers, before: Mapping[str, Any], at: float) -> tuple[Answers, dict[str, Any]]:
    """The answers, refused where no digit has changed for long though requests come; and what to keep of them. What is
    counted moves with every request; what is inside, as open connections, may well be the same for an hour."""
    values = dict(answers.values)
    since = before.get("since", at) if values and values == before.get("values") else at
    saved = {"values": values, "since": since}
    if at - since > STALE_SECONDS and values.get("requests_per_second"):
        note = f"no digit of what Prometheus answers has changed for {at - since:.0f} s"
        return Answers(notes=(*answers.notes, note), stale=True), saved
    return answers, saved


def _joined(proxy: Measurement, asked: SourceConfig, answers: Answers) -> Measurement:
    values: dict[str, Any] = {str(name): value for name, value in answers.values.items()}
    whole = asked.metrics is not None and values.keys() == asked.metrics.queries.keys() and not answers.partial
    demand = bool({"requests_per_second", "in_flight"} & values.keys())
    return replace(proxy, **values, status=_status(proxy.status, asked.routed, answers, whole=whole, demand=demand))


def _status(proxy: Status, routed: bool, answers: Answers, *, whole: bool, demand: bool) -> Status:
    """The status of the source that carries the demand. If any configured query is missing, `partial` at best."""
    known = proxy not in ("absent", "stale")
    if whole and (demand or not routed):
        return "fresh"
    if whole and known:
        return proxy
    if known or (answers.values and (demand or not routed)):
        return "partial"
    return "stale" if answers.stale or proxy == "stale" else "absent"
