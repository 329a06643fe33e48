"""The report of a stack as Markdown. What a person wrote is shown as text: no line of it becomes markup."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from infra_specs.app_text.shown import shown_text
from infra_specs.overview.dora import Dora
from infra_specs.overview.report import Growth, Report
from infra_specs.pricing.price import usd

DORA_PAGE = "https://dora.dev/guides/dora-metrics/"
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")
_UNITS = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))
_CENT = 0.01


def report_text(report: Report) -> str:
    """The whole report, with a heading of the second level."""
    span = f"{_day(report.since)} to {_day(report.until)}"
    parts = [
        f"## {_plain(report.stack)}: {span}",
        *_section("Users", _users(report)),
        *_section("Price", _price(report)),
        *_section("Releases", _releases(report.dora)),
        *_section("Scaling", _scaling(report)),
        *_section("Debts", _debts(report)),
    ]
    return "\n\n".join(parts) + "\n"


def _section(title: str, lines: Iterator[str]) -> tuple[str, str]:
    return f"### {title}", "\n".join(f"- {line}" for line in lines)


def _users(report: Report) -> Iterator[str]:
    designed = f"designed for {report.designed_users:,.0f} ({report.headroom:g} x)"
    yield f"{report.users:,} monthly users in the file, {designed}."
    if (measured := report.users_as_measured) is not None:
        yield f"The busiest five minutes of the week were those of {measured:,.0f} monthly users."
    yield from map(_growth, report.growth)


def _growth(growth: Growth) -> str:
    if growth.busiest is None or growth.part is None:
        return f"{_plain(growth.service)}: not measured."
    text = (
        f"{_plain(growth.service)}: {growth.busiest:.3g} requests in flight at most, {growth.part:.0%} of the design "
        f"capacity of {growth.design:.3g}"
    )
    if growth.days_left is None:
        return f"{text}; no trend leads there."
    if not growth.days_left:
        return f"{text}. **The design capacity is reached.**"
    return f"{text}; by the trend it is reached in {growth.days_left:,.0f} days."


def _price(report: Report) -> Iterator[str]:
    price = report.price
    yield f"{usd(price.today)} a month now, {usd(price.design)} at the design capacity."
    if price.budget is not None:
        spent = "" if price.spent is None else f"; {usd(round(price.spent, 2))} spent this calendar month"
        yield f"Budget {usd(price.budget)} a month{spent}."
    if (each := report.price_per_user) is not None:
        yield f"{usd(each) if each >= _CENT or not each else f'${each:.2g}'} a month for each monthly user."


def _releases(dora: Dora) -> Iterator[str]:
    rate = "no deployment came to an end" if dora.fail_rate is None else f"{dora.fail_rate:.0%}"
    open_text = f", {dora.unrecovered} not recovered from yet" if dora.unrecovered else ""
    yield f"Deployment frequency: {dora.per_week:.3g} a week ({dora.deployments} in {dora.weeks * 7:.0f} days)."
    yield f"Change lead time, from asked for to proven: {_duration(dora.lead_seconds)} (median)."
    yield f"Change fail rate: {rate} ({dora.failed} of {dora.ended}{open_text})."
    yield f"Failed deployment recovery time: {_duration(dora.recovery_seconds)} (median)."
    yield f"The four figures are DORA's ([definitions]({DORA_PAGE}))."


def _scaling(report: Report) -> Iterator[str]:
    scaling = report.scaling
    yield f"Scaled up {scaling.more} x, down {scaling.fewer} x, advised only {scaling.advised} x."
    if scaling.last:
        yield f"Last: {_plain(scaling.last)}"


def _debts(report: Report) -> Iterator[str]:
    if not report.debts:
        yield "None."
    for due in report.debts:
        mark = f"**{due.due}**" if due.expired else due.due
        debt = due.debt
        yield f"{_plain(debt.what)} ({mark}). Plan: {_plain(debt.plan)} Impact: {_plain(debt.impact)}"


def _plain(text: str) -> str:
    return _MARKUP.sub(r"\\\1", " ".join(shown_text(text).split()))


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "none yet"
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), _UNITS[-1])
    return f"{seconds / size:.3g} {unit}"
