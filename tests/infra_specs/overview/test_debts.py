"""When a debt expires, and whether that stops a change."""

from datetime import date, timedelta

import pytest
import yaml

from infra_specs.errors import PlanError, SpecError
from infra_specs.overview.debts import debt_of, file_lines, numbered, refuse_expired, register
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import load

pytestmark = pytest.mark.pure
TODAY = date(2026, 11, 30)
HEAD = "name: shop\ntarget: {provider: memory}\nservices: {web: {command: run}}\n"
TEXTS = {"why": "launch in a week", "plan": "a second zone", "impact": "an outage is ours"}


def stack(*days: int, block: bool = True) -> Stack:
    debts = [
        {"what": f"debt {number}", "expires": TODAY + timedelta(days=day), **TEXTS}
        for number, day in enumerate(days, 1)
    ]
    return load(HEAD + yaml.safe_dump({"debts": debts, "debts_block": block}), "shop.yaml")


@pytest.mark.parametrize(
    ("days", "due", "refused"),
    [
        (-1, "expired 1 day ago", True),
        (-40, "expired 40 days ago", True),
        (0, "expires today", False),
        (1, "until 2026-12-01, 1 day left", False),
        (31, "until 2026-12-31, 31 days left", False),
    ],
)
def test_a_debt_is_refused_from_the_day_after_its_own(days: int, due: str, refused: bool) -> None:
    (debt,) = register(stack(days), TODAY)
    assert (debt.due, debt.expired) == (due, refused)
    refuse_expired(stack(days, block=False), TODAY)
    if not refused:
        return refuse_expired(stack(days), TODAY)
    with pytest.raises(PlanError) as error:
        refuse_expired(stack(days), TODAY)
    assert str(error.value) == (
        f"shop: a debt has expired, and `debts_block` is true: debt 1 ({due}). Pay it and take its lines out of "
        "`debts`, or give it a later day. The lines: tenfold debt pay shop 1"
    )
    return None


def test_the_most_urgent_debt_is_first_and_keeps_its_number() -> None:
    assert [(due.number, due.days) for due in register(stack(9, -3, 9, 0), TODAY)] == [(2, -3), (4, 0), (1, 9), (3, 9)]


@pytest.mark.parametrize(
    "what", ["one zone", "a: b # c", "- {x: [y]}", "'", 'say "hi"', "Zähler ☃", "two\nlines", "yes", "long " * 90]
)
def test_the_lines_of_a_debt_are_read_again_as_the_same_debt(what: str) -> None:
    debt = debt_of(what=what.strip(), expires="2027-01-31", **TEXTS)
    assert load(f"{HEAD}debts:\n{file_lines(debt)}", "shop.yaml").debts == [debt]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"expires": ""},
            "A debt has a day on which it expires, and says why, the plan and the impact. Give: --expires.",
        ),
        (
            {"expires": "", "plan": ""},
            "A debt has a day on which it expires, and says why, the plan and the impact. Give: --expires, --plan.",
        ),
        ({"expires": "soon"}, "This is no debt: expires: write a day like 2027-01-31."),
        ({"expires": "2027-02-30"}, "This is no debt: expires: no such day in the calendar."),
    ],
)
def test_what_is_no_debt_is_refused_in_a_sentence(fields: dict[str, str], message: str) -> None:
    with pytest.raises(SpecError) as error:
        debt_of(**{"what": "one zone", "expires": "2027-01-31", **TEXTS, **fields})
    assert str(error.value) == message


def test_a_file_with_a_debt_without_a_day_is_refused() -> None:
    with pytest.raises(SpecError, match=r"debts\[0\]\.expires: required, and missing"):
        load(f"{HEAD}debts: [{{what: a, why: b, plan: c, impact: d}}]\n", "shop.yaml")


def test_a_number_that_no_debt_has_is_refused_with_those_there_are() -> None:
    assert numbered(stack(1, 2), 2).what == "debt 2"
    for number in (0, 3, -1):
        with pytest.raises(PlanError, match=f"shop has no debt {number}. It has: 1 debt 1; 2 debt 2."):
            numbered(stack(1, 2), number)
