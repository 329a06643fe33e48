"""The report: figures of growth, price and scaling, and its exact text."""

from dataclasses import replace

import pytest

from infra_specs.overview.debts import register
from infra_specs.overview.dora import Dora
from infra_specs.overview.facts import PriceFacts
from infra_specs.overview.report import CountDecision, Report, growth_of, report_of, scaling_of
from infra_specs.overview.report_text import report_text
from infra_specs.stackfile.reading.load import from_data
from tests.infra_specs.overview.facts import NOW, service, stack
from tests.infra_specs.overview.test_debts import TODAY

pytestmark = pytest.mark.pure
TODAY_NUMBER = NOW // 86_400
WEEK = 7 * 86_400.0
DORA = Dora(12.0, 33, 2.75, 120.0, 7, 38, 7 / 38, 172_890.0, 1)
DEBT = {"what": "*one* zone", "why": "a launch", "expires": "2026-11-29", "plan": "a second.", "impact": "An outage."}


def rising(first: float, step: float, days: int = 28) -> list[tuple[float, float]]:
    return [(TODAY_NUMBER - days + number, first + step * number) for number in range(days)]


@pytest.mark.parametrize(
    ("days", "busiest", "part", "left"),
    [
        ([], None, None, None),
        ([(TODAY_NUMBER, 10.0)], 10.0, 0.25, None),
        ([(TODAY_NUMBER - 8, 39.0), (TODAY_NUMBER, 10.0)], 10.0, 0.25, None),
        ([(TODAY_NUMBER, 40.0)], 40.0, 1.0, 0.0),
        (rising(10.0, 0.0), 10.0, 0.25, None),
        (rising(10.0, -0.1), 7.8, 0.195, None),
        (rising(10.0, 0.5), 23.5, 0.5875, 33.0),
    ],
)
def test_growth_against_the_design(
    days: list[tuple[float, float]], busiest: float | None, part: float | None, left: float | None
) -> None:
    growth = growth_of(service(), days, TODAY_NUMBER)
    assert growth.busiest == (None if busiest is None else pytest.approx(busiest))
    assert growth.part == (None if part is None else pytest.approx(part))
    assert growth.days_left == (None if left is None else pytest.approx(left))


def test_a_service_of_which_nobody_asks_anything_has_no_part() -> None:
    growth = growth_of(service(design=0.0), [(TODAY_NUMBER, 1.0)], TODAY_NUMBER)
    assert (growth.part, growth.days_left) == (None, None)


def test_decisions_of_the_span_are_counted() -> None:
    decisions = [
        CountDecision(NOW, 5, 6, True, "too late"),
        CountDecision(NOW - 1, 3, 5, True, "web: 3 to 5"),
        CountDecision(NOW - 2, 3, 3, True, "web: stays"),
        CountDecision(NOW - 3, 4, 3, True, "web: 4 to 3"),
        CountDecision(NOW - 4, 3, 9, False, "web: would"),
        CountDecision(NOW - WEEK - 1, 1, 3, True, "too early"),
    ]
    counted = scaling_of(decisions, NOW - WEEK, NOW)
    assert (counted.more, counted.fewer, counted.advised, counted.last) == (1, 1, 1, "web: 3 to 5")
    assert scaling_of((), NOW - WEEK, NOW).last == ""


def made() -> Report:
    debts = from_data({"name": "shop", "target": {"provider": "memory"}, "services": {"web": {"command": "run"}},
                       "debts": [DEBT]}, "spec")  # fmt: skip
    facts = stack(service(), service(name="jobs", port=None), debts=register(debts, TODAY))
    decisions = [CountDecision(NOW - 9, 2, 3, True, "web: 2 to 3 replicas: <b>busy</b>")]
    return report_of(facts, {"web": rising(10.0, 0.5)}, decisions, DORA, since=NOW - WEEK, until=NOW)


def test_the_text_reads_exactly_so() -> None:
    assert (
        report_text(made())
        == """\
## shop: 2026-11-23 to 2026-11-30

### Users

- 1,000 monthly users in the file, designed for 10,000 (10 x).
- The busiest five minutes of the week were those of 5,875 monthly users.
- web: 23.5 requests in flight at most, 59% of the design capacity of 40; by the trend it is reached in 33 days.

### Price

- $20 a month now, $200 at the design capacity.
- Budget $100 a month; $12.50 spent this calendar month.
- $0.02 a month for each monthly user.

### Releases

- Deployment frequency: 2.75 a week (33 in 84 days).
- Change lead time, from asked for to proven: 2 min (median).
- Change fail rate: 18% (7 of 38, 1 not recovered from yet).
- Failed deployment recovery time: 2 d (median).
- The four figures are DORA's ([definitions](https://dora.dev/guides/dora-metrics/)).

### Scaling

- Scaled up 1 x, down 0 x, advised only 0 x.
- Last: web: 2 to 3 replicas: \\<b\\>busy\\</b\\>

### Debts

- \\*one\\* zone (**expired 1 day ago**). Plan: a second. Impact: An outage.
"""
    )


def test_what_is_not_known_is_said_so() -> None:
    unknown = replace(made(), price=PriceFacts(), growth=(growth_of(service(), [], TODAY_NUMBER),), debts=(),
                      dora=Dora(12.0, 0, 0.0, None, 0, 0, None, None, 0))  # fmt: skip
    text = report_text(unknown)
    for line in (
        "- web: not measured.", "- unknown a month now, unknown at the design capacity.",
        "- Change lead time, from asked for to proven: none yet (median).",
        "- Change fail rate: no deployment came to an end (0 of 0).", "### Debts\n\n- None.",
    ):  # fmt: skip
        assert line in text
    assert "for each monthly user" not in text
    assert unknown.data()["price_per_user"] is None


@pytest.mark.parametrize("text", ["# head", "[a](javascript:x)", "`c`", "a\n\n## b", "<script>", "|x|", "a\x1b[31mb"])
def test_no_text_of_a_person_becomes_markup(text: str) -> None:
    report = replace(made(), scaling=replace(made().scaling, last=text))
    lines = report_text(report).splitlines()
    (line,) = [line for line in lines if line.startswith("- Last: ")]
    assert "\x1b" not in line
    assert len(lines) == len(report_text(made()).splitlines())
    for sign in "#[`<|":
        assert all(line[index - 1] == "\\" for index, letter in enumerate(line) if letter == sign)
