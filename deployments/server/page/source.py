"""The data of the status page, from the ledger, as plain JSON data."""

from dataclasses import asdict, fields
from typing import Any, Self

from infra_specs.alerts.kinds import TITLES
from infra_specs.overview.condition import condition
from infra_specs.overview.facts import StackFacts
from infra_specs.overview.openmetrics import MEDIA_TYPE, openmetrics
from infra_specs.overview.report_text import report_text
from tasks.autoscaling.interval import scalable_since, seconds_between_checks
from tasks.autoscaling.staleness import staleness
from tasks.base.clock import now
from tasks.base.settings import Settings
from tasks.ledger import Ledger, StackRecord
from tasks.overview.facts import stack_facts
from tasks.overview.report import report
from tasks.overview.series import Series, series_of
from tasks.stack.record import unknown_stack

RELEASES_SHOWN = 10


class Source:
    """Reads the ledger anew each time. Every call blocks, and raises LedgerError where the ledger does not answer."""

    METRICS_TYPE = MEDIA_TYPE

    def __init__(self, here: Settings, ledger: Ledger) -> None:
        self._here = here
        self._ledger = ledger

    @classmethod
    def open(cls, here: Settings) -> Self:
        """Open the ledger of an installation."""
        return cls(here, Ledger.open(here))

    def overview(self) -> dict[str, Any]:
        """Every stack at this moment, and whether its services are still checked."""
        moment, last = now(), self._ledger.checks.last()
        interval, since = seconds_between_checks(self._ledger, self._here), scalable_since(self._ledger)
        return {
            "at": moment,
            "checked": last.at + last.seconds if last else None,
            "stale": None if since is None else staleness(last, interval, moment, awake_since=since),
            "stacks": [_stack_data(stack, moment) for stack in stack_facts(self._ledger, moment)],
        }

    def series(self, stack: str, days: float) -> dict[str, Any]:
        """What was measured of a stack's services that have a port. Raises UnknownStack."""
        record, moment = self._record(stack), now()
        services = [name for name, service in record.stack().services.items() if service.port is not None]
        points = (series_of(self._ledger, stack, name, days, moment) for name in services)
        return {"stack": stack, "days": days, "until": moment, "services": [_columns(series) for series in points]}

    def report(self, stack: str) -> dict[str, Any]:
        """The report of a stack, as data and as Markdown. Raises UnknownStack."""
        made = report(self._ledger, self._record(stack), now())
        return {**made.data(), "markdown": report_text(made)}

    def metrics(self) -> str:
        """All of it in the text format of OpenMetrics."""
        moment, last = now(), self._ledger.checks.last()
        age = moment - last.at - last.seconds if last else None
        return openmetrics(stack_facts(self._ledger, moment), moment, age)

    def _record(self, stack: str) -> StackRecord:
        record = self._ledger.stacks.find(stack)
        if record is None:
            raise unknown_stack(self._ledger, stack)
        return record


def _columns(series: Series) -> dict[str, Any]:
    """The fields as they are: thousands of points, which `asdict` would copy one by one."""
    return {field.name: getattr(series, field.name) for field in fields(series)}


def _stack_data(stack: StackFacts, moment: float) -> dict[str, Any]:
    data = asdict(stack)
    data["condition"] = asdict(condition(stack, moment))
    data["releases"] = data["releases"][:RELEASES_SHOWN]
    data["services"] = [
        {**asdict(service), "slow": service.is_slow, "late": service.is_late(moment)} for service in stack.services
    ]
    data["alerts"] = [{**asdict(alert), "title": TITLES[alert.kind]} for alert in stack.alerts]
    data["debts"] = [debt.data() for debt in stack.debts]
    return data
