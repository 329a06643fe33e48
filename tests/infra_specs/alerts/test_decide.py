"""When an alert begins and ends, and what is told of it: a table of cases, and situations that nobody thought of."""

from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra_specs.alerts.alert import Alert, Finding
from infra_specs.alerts.decide import Audience, Decided, Look, Notice, decide
from infra_specs.alerts.kinds import CHECK_KINDS, KINDS, RULES, WATCHDOG_KINDS, Kind
from infra_specs.alerts.message import message_of
from infra_specs.alerts.quiet import QuietHours, Silence

pytestmark = pytest.mark.pure
MIDNIGHT = 1_796_083_200.0
"""2026-12-01 00:00 UTC."""
NOON = MIDNIGHT + 12 * 3600
NIGHT = QuietHours.of("22:00-07:00 UTC")
TOLD = Audience(has_receivers=True)


@dataclass
class Owner:
    """Looks again and again, and hears what is told."""

    audience: Audience = TOLD
    silences: tuple[Silence, ...] = ()
    known: tuple[Alert, ...] = ()
    heard: list[Notice] = field(default_factory=list)

    def look(self, moment: float, *findings: Finding, unread: frozenset[str] = frozenset()) -> Decided:
        now = Look(moment, findings, CHECK_KINDS, {"shop": self.audience}, self.silences, unread)
        decided = decide(now, self.known)
        self.known = decided.alerts + tuple(alert for alert in self.known if alert.closed)
        self.heard += decided.notices
        return decided

    def looks(self, begin: float, end: float, *findings: Finding, every: float = 15.0) -> None:
        moment = begin
        while moment < end:
            self.look(moment, *findings)
            moment += every

    @property
    def told(self) -> list[tuple[list[str], list[str], list[str]]]:
        return [
            tuple([alert.kind for alert in part] for part in (notice.begun, notice.going_on, notice.over))  # type: ignore[misc]
            for notice in self.heard
        ]


def fault(kind: Kind = "no_replica", where: str = "web", is_fault: bool | None = True) -> Finding:
    return Finding("shop", kind, where, is_fault, "It is broken.", "Mend it.")


def well(kind: Kind = "no_replica") -> Finding:
    return fault(kind, is_fault=False)


def test_a_fault_is_told_once_it_has_lasted_and_its_end_once() -> None:
    owner = Owner()
    owner.looks(NOON, NOON + 60, fault())
    assert owner.told == []
    owner.looks(NOON + 60, NOON + 3600, fault())
    assert owner.told == [(["no_replica"], [], [])]
    owner.looks(NOON + 3600, NOON + 7200, well())
    assert owner.told[1:] == [([], [], ["no_replica"])]
    assert [alert.ended for alert in owner.known] == [NOON + 3600]


def test_a_check_that_comes_a_little_early_counts_as_the_one_that_was_due() -> None:
    owner = Owner()
    for moment in (0.0, 15.1, 29.8, 45.0, 59.7):
        owner.look(NOON + moment, fault())
    assert owner.told == [(["no_replica"], [], [])]


def test_a_clock_that_is_set_back_delays_no_alert() -> None:
    owner = Owner()
    owner.look(NOON, fault())
    owner.looks(NOON - 3600, NOON - 3600 + 75, fault())
    assert owner.told == [(["no_replica"], [], [])]


def test_a_fault_that_does_not_last_is_told_to_nobody_and_forgotten() -> None:
    owner = Owner()
    owner.looks(NOON, NOON + 45, fault())
    forgotten = owner.look(NOON + 45, well()).forgotten
    assert len(forgotten) == 1
    assert (owner.known, owner.heard) == ((), [])


def test_faults_of_one_look_are_one_message() -> None:
    owner = Owner()
    owner.looks(NOON, NOON + 90, fault(), fault("errors"), fault("disk", "host"))
    assert owner.told == [(["no_replica", "errors", "disk"], [], [])]
    title = message_of(owner.heard[0]).title
    assert title == "shop: no healthy replica: web, errors: web, disk nearly full: host"


def test_it_is_told_again_after_a_day() -> None:
    owner = Owner()
    owner.looks(NOON, NOON + 2.5 * 86_400, fault(), every=600)
    assert owner.told == [(["no_replica"], [], []), ([], ["no_replica"], []), ([], ["no_replica"], [])]


@pytest.mark.parametrize("kind", KINDS)
def test_quiet_hours_hold_back_all_but_what_is_urgent(kind: Kind) -> None:
    if kind in WATCHDOG_KINDS:
        return
    owner = Owner(replace(TOLD, quiet=NIGHT))
    owner.looks(MIDNIGHT, MIDNIGHT + 3600, fault(kind))
    assert bool(owner.told) is RULES[kind].urgent
    owner.looks(MIDNIGHT + 3600, MIDNIGHT + 8 * 3600, fault(kind), every=60)
    assert owner.told == [([kind], [], [])]


def test_what_is_over_before_the_quiet_hours_are_is_never_told() -> None:
    owner = Owner(replace(TOLD, quiet=NIGHT))
    owner.looks(MIDNIGHT, MIDNIGHT + 3600, fault("errors"))
    owner.looks(MIDNIGHT + 3600, NOON, well("errors"), every=60)
    assert owner.heard == []
    assert all(alert.closed for alert in owner.known)


def test_an_end_in_quiet_hours_is_told_after_them_unless_the_fault_is_back() -> None:
    owner = Owner(replace(TOLD, quiet=NIGHT))
    evening = MIDNIGHT + 21 * 3600
    owner.looks(evening, evening + 7200, fault("errors"), every=60)
    owner.looks(evening + 7200, evening + 3 * 3600, well("errors"), every=60)
    assert owner.told == [(["errors"], [], [])]
    owner.looks(evening + 3 * 3600, evening + 4 * 3600, fault("errors"), every=60)
    owner.looks(evening + 4 * 3600, evening + 11 * 3600, well("errors"), every=60)
    assert owner.told[1:] == [([], [], ["errors"])]


def test_a_silence_holds_back_everything_and_its_end_tells_what_is_still_so() -> None:
    owner = Owner(silences=(Silence("shop", NOON, NOON + 7200, "new disks"),))
    owner.looks(NOON, NOON + 7200, fault())
    assert owner.told == []
    owner.look(NOON + 7200, fault())
    assert owner.told == [(["no_replica"], [], [])]


def test_a_silence_is_of_one_stack_alone() -> None:
    owner = Owner(silences=(Silence("blog", NOON, NOON + 7200),))
    owner.looks(NOON, NOON + 90, fault())
    assert owner.told == [(["no_replica"], [], [])]


def test_what_is_not_known_neither_begins_nor_ends() -> None:
    owner = Owner()
    owner.looks(NOON, NOON + 600, fault(is_fault=None))
    assert not owner.known
    owner.looks(NOON + 600, NOON + 700, fault())
    owner.looks(NOON + 700, NOON + 9000, fault(is_fault=None))
    assert owner.told == [(["no_replica"], [], [])]
    assert owner.known[0].is_open


def test_what_is_listed_no_more_is_over_at_once_unless_nothing_is_known_of_its_stack() -> None:
    owner = Owner()
    owner.looks(NOON, NOON + 90, fault())
    owner.look(NOON + 90, unread=frozenset({"shop"}))
    assert owner.known[0].is_open
    owner.look(NOON + 105)
    assert owner.told[1:] == [([], [], ["no_replica"])]


def test_a_fault_that_comes_and_goes_is_told_of_twice_at_most() -> None:
    owner = Owner()
    for number in range(20):
        begin = NOON + number * 180
        owner.looks(begin, begin + 90, fault())
        owner.looks(begin + 90, begin + 180, well())
    begun = [notice for notice in owner.heard if notice.begun]
    assert len(begun) == 2, owner.told


def test_without_receivers_alerts_are_listed_and_told_once_there_are_some() -> None:
    owner = Owner(Audience())
    owner.looks(NOON, NOON + 90, fault())
    assert (owner.told, owner.known[0].is_open) == ([], True)
    owner.audience = TOLD
    owner.look(NOON + 90, fault())
    assert owner.told == [(["no_replica"], [], [])]
    owner.audience = Audience()
    owner.looks(NOON + 105, NOON + 300, well())
    assert owner.known[0].closed


def test_alerts_of_other_kinds_stay_as_they_are() -> None:
    watched = Finding("shop", "checks", "", True, "No check came.", "Look.")
    owner = Owner()
    (known,) = decide(Look(NOON, (watched,), WATCHDOG_KINDS, {"shop": TOLD}), ()).alerts
    owner.known = (known,)
    assert not owner.look(NOON + 15).alerts
    assert known.is_open


def test_the_same_look_decides_the_same_and_gives_a_message_the_same_id() -> None:
    owner = Owner()
    owner.looks(NOON, NOON + 60, fault())
    now = Look(NOON + 60, (fault(),), CHECK_KINDS, {"shop": TOLD})
    first, second = decide(now, owner.known), decide(now, owner.known)
    assert first == second
    assert message_of(first.notices[0]).id in message_of(first.notices[0]).body


STEPS = st.lists(
    st.tuples(
        st.sampled_from([1.0, 15.0, 15.0, 60.0, 600.0, 7200.0, 90_000.0, -30.0]),
        st.lists(st.sampled_from([True, True, False, None, "gone"]), min_size=3, max_size=3),
        st.booleans(),
    ),
    max_size=25,
)
THINGS: tuple[tuple[Kind, str], ...] = (("no_replica", "web"), ("errors", "web"), ("budget", ""))


@settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS, st.sampled_from([None, NIGHT]), st.booleans(), st.integers(0, 86_400))
def test_every_alert_ends_and_none_is_told_twice(
    steps: list[tuple[float, list[bool | str | None], bool]], quiet: QuietHours | None, silenced: bool, hour: int
) -> None:
    begin = MIDNIGHT + hour
    silences = (Silence("shop", begin + 300, begin + 4000),) if silenced else ()
    owner = Owner(Audience(has_receivers=True, quiet=quiet), silences)
    moment = begin
    for passed, states, unread in steps:
        moment += passed
        findings = [fault(kind, where, is_fault=state) for (kind, where), state in zip(THINGS, states, strict=True)
                    if isinstance(state, bool) or state is None]  # fmt: skip
        owner.look(moment, *findings, unread=frozenset({"shop"} if unread else ()))
        open_keys = Counter(alert.key for alert in owner.known if not alert.closed)
        assert all(count == 1 for count in open_keys.values())
    for _ in range(12):  # all is well for longer than any night or silence
        moment += 10_800
        owner.look(moment, *(fault(kind, where, is_fault=False) for kind, where in THINGS))
    assert all(alert.closed for alert in owner.known)
    begun = Counter(alert.id for notice in owner.heard for alert in notice.begun)
    over = Counter(alert.id for notice in owner.heard for alert in notice.over)
    assert begun == over
    assert set(begun.values()) <= {1}
    ids = [notice.id for notice in owner.heard]
    assert len(ids) == len(set(ids))
