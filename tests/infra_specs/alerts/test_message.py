"""What a person reads of an alert."""

import pytest

from infra_specs.alerts.alert import Alert
from infra_specs.alerts.decide import Notice
from infra_specs.alerts.last_change import PastRun, last_change
from infra_specs.alerts.message import duration, message_of

pytestmark = pytest.mark.pure
NOON = 1_796_126_400.0
RUNS = (
    PastRun("7", "deploy", NOON - 240, "release 4: shop:4", "ana", release_before=3),
    PastRun("8", "reconcile", NOON - 60, "drift", "schedule"),
    PastRun("6", "scale", NOON - 900, "web to 5", "ben", counts_before={"web": 2}),
    PastRun("9", "deploy", NOON + 60, "release 5", "ana"),
)


def alert(**more: object) -> Alert:
    usual = {"what": "No replica of web is healthy.", "todo": "See: tenfold status shop", "since": NOON}
    return Alert("0a1b2c", "shop", "no_replica", "web", **{**usual, **more})  # type: ignore[arg-type]


def test_a_message_says_what_since_when_what_to_do_and_what_was_changed_before() -> None:
    told = alert(raised=NOON + 60, change=last_change("shop", RUNS, NOON))
    message = message_of(Notice("shop", begun=(told,)))
    assert message.title == "shop: no healthy replica: web"
    assert message.body == "\n".join([
        "No replica of web is healthy.",
        "Since 2026-12-01 12:00:00 UTC.",
        "What to do: See: tenfold status shop",
        "The last change, 4 min before: deploy, run 7, by ana: release 4: shop:4. Undo it: tenfold rollback shop 3",
        "Alert 0a1b2c",
        "",
        "All alerts: tenfold alerts list shop",
        f"Message {message.id}",
    ])  # fmt: skip


def test_an_end_says_how_long_it_lasted() -> None:
    message = message_of(Notice("shop", over=(alert(raised=NOON + 60, ended=NOON + 600),)))
    assert message.title == "shop: over: no healthy replica: web"
    assert message.body.startswith("Over: no healthy replica: web, at 2026-12-01 12:10:00 UTC, after 10 min.")


def test_a_text_of_many_lines_is_one_line_and_a_long_one_is_cut() -> None:
    odd = Alert("0a", "shop", "debt", "no\nBcc: a@b.example " + "x" * 99, "why\n" + "y" * 9999, "do\nit", NOON)
    message = message_of(Notice("shop", begun=(odd,)))
    assert "\n" not in message.title
    assert message.title.startswith("shop: debt has expired: no Bcc: a@b.example xxx")
    assert len(message.title) < 120
    lines = message.body.split("\n")
    assert lines[0].startswith("why yyy")
    assert (len(lines[0]), lines[0][-3:], lines[2]) == (600, "...", "What to do: do it")


def test_a_title_names_three_and_counts_the_others() -> None:
    title = message_of(Notice("shop", begun=(alert(),) * 5)).title
    assert title.endswith(" and 2 more")


@pytest.mark.parametrize(
    ("since", "run", "undo"),
    [
        (NOON, "7", "tenfold rollback shop 3"),
        (NOON - 300, "6", "tenfold scale shop web 2"),
        (NOON + 120, "9", ""),
    ],
)
def test_the_last_change_is_the_newest_before_the_fault_that_was_no_repair(since: float, run: str, undo: str) -> None:
    change = last_change("shop", RUNS, since)
    assert change is not None
    assert (change.run, change.undo) == (run, undo)


def test_without_a_change_before_there_is_none() -> None:
    assert last_change("shop", RUNS, NOON - 5000) is None


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.5, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (2 * 86_400, "2 days")]
)
def test_a_duration_is_read_at_a_glance(seconds: float, text: str) -> None:
    assert duration(seconds) == text
