"""When certificates are fetched and renewed, by a clock that the test holds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from infra_specs.certificates.host_certificate import HostCertificate, Order, failed, fetched, ordered
from infra_specs.certificates.notes import certificate_notes
from infra_specs.certificates.renewal import due_hosts, is_due, next_attempt
from infra_specs.certificates.validity import Certificate

pytestmark = pytest.mark.pure

DAY, MINUTE = 86_400.0, 60.0
ACME, OTHER = "https://acme.example.com/directory", "https://staging.example.com/directory"
NOW = 1_800_000_000.0
GOOD = HostCertificate("a.example.com", ACME, 1, NOW, NOW + 90 * DAY, NOW, 1, ACME)
NEW = HostCertificate("a.example.com")


def tried(
    known: HostCertificate = GOOD, times: int = 1, *, refused: bool = True, hold_off: float = 0.0
) -> HostCertificate:
    for _ in range(times):
        known = failed(ordered(known, ACME), ACME, "It is away.", NOW, refused=refused, hold_off_seconds=hold_off)
    return known


@pytest.mark.parametrize(
    ("known", "days", "is_needed"),
    [
        (NEW, 0, True),
        (GOOD, 0, False),
        (GOOD, 59.9, False),
        (GOOD, 60, True),
        (GOOD, 100, True),
        (replace(GOOD, until=NOW + 6 * DAY), 3.9, False),
        (replace(GOOD, until=NOW + 6 * DAY), 4, True),
        # A clock that is an hour or a day behind: it begins in the future, and that changes nothing.
        (GOOD, -1 / 24, False),
        (GOOD, -1, False),
        # A clock that is months ahead: what was fetched is in its last third at once, and so would be another.
        (replace(GOOD, since=NOW - 80 * DAY, until=NOW + 10 * DAY), 0.9, False),
        (replace(GOOD, since=NOW - 80 * DAY, until=NOW + 10 * DAY), 1, True),
        (replace(GOOD, since=NOW - 16 / 24 * DAY, until=NOW + 8 / 24 * DAY), 7.9 / 24, False),
        (replace(GOOD, since=NOW - 16 / 24 * DAY, until=NOW + 8 / 24 * DAY), 8.1 / 24, True),
        # Another authority than the one that issued it.
        (replace(GOOD, issuer=OTHER), 0, True),
    ],
)
def test_a_certificate_is_needed_at_first_and_in_the_last_third_of_its_life(
    known: HostCertificate, days: float, is_needed: bool
) -> None:
    assert is_due(known, ACME, NOW + days * DAY) is is_needed


@pytest.mark.parametrize(
    ("known", "minutes", "by_hand"),
    [
        (tried(NEW, 1), 15, 12),
        (tried(NEW, 2), 30, 12),
        (tried(NEW, 3), 60, 12),
        (tried(NEW, 30), 24 * 60, 12),
        # Before the authority was asked: that counts nowhere.
        (tried(NEW, 1, refused=False), 1, 0),
        (tried(NEW, 4, refused=False), 8, 0),
        (tried(NEW, 500, refused=False), 24 * 60, 0),
        # The authority's own wish, within reason.
        (tried(NEW, 1, hold_off=3 * 3600), 180, 180),
        (tried(NEW, 1, hold_off=365 * DAY), 7 * 24 * 60, 7 * 24 * 60),
    ],
)
def test_a_failure_rests_for_longer_each_time(known: HostCertificate, minutes: float, by_hand: float) -> None:
    for asked, wait in ((False, minutes), (True, by_hand)):
        assert is_due(known, ACME, NOW + wait * MINUTE, by_hand=asked)
        if wait:
            assert not is_due(known, ACME, NOW + wait * MINUTE - 1, by_hand=asked)
    assert next_attempt(known) == NOW + minutes * MINUTE


def test_a_clock_that_was_set_back_holds_up_nothing_and_another_authority_begins_anew() -> None:
    known = tried(NEW, 9, hold_off=DAY)
    assert is_due(known, ACME, NOW - MINUTE)
    assert is_due(known, OTHER, NOW)
    again = failed(ordered(known, OTHER), OTHER, "No.", NOW, refused=True)
    assert (again.failures, again.orders) == (1, 10)
    assert failed(known, OTHER, "No.", NOW, refused=False).failures == 1


def test_what_an_attempt_leaves() -> None:
    order = Order("https://acme.example.com/order/1", "token", "token.thumb", 1, "tls-account-1")
    kept = failed(ordered(NEW, ACME), ACME, "It is away.", NOW, refused=True, order=order)
    assert (kept.order, kept.orders, kept.failures, kept.failing_since) == (order, 1, 1, NOW)
    later = failed(kept, ACME, "It is away.", NOW + DAY, refused=True)
    assert (later.order, later.failures, later.failing_since) == (None, 2, NOW)
    done = fetched(later, Certificate(("a.example.com",), NOW, NOW + 90 * DAY, 7), 3, NOW + 1)
    assert done == HostCertificate("a.example.com", ACME, 3, NOW, NOW + 90 * DAY, NOW + 1, 1, ACME)


def test_only_the_given_hosts_are_asked_for() -> None:
    known = {"a.example.com": GOOD, "gone.example.com": replace(GOOD, host="gone.example.com")}
    assert due_hosts(["a.example.com", "b.example.com"], ACME, known, NOW) == ("b.example.com",)
    assert due_hosts(["a.example.com", "b.example.com"], ACME, known, NOW + 61 * DAY) == (
        "a.example.com",
        "b.example.com",
    )


@pytest.mark.parametrize(
    ("known", "days", "text", "loud"),
    [
        (NEW, 0, "a.example.com has no certificate yet, and is served by plain HTTP.", False),
        (
            tried(NEW),
            0,
            "a.example.com has no certificate yet, and is served by plain HTTP. Fetching it failed once: It is away. "
            "Tried again from 2027-01-15 08:15 UTC on.",
            True,
        ),
        (GOOD, 0, "Certificate for a.example.com until 2027-04-15 (90 days).", False),
        (
            tried(GOOD, 2),
            6.9,
            "Certificate for a.example.com until 2027-04-15 (83 days). Fetching it failed 2 times: It is away. "
            "Tried again from 2027-01-15 08:30 UTC on.",
            False,
        ),
        (tried(GOOD), 7, "Certificate for a.example.com until 2027-04-15 (83 days). Fetching it failed once: It is "
         "away. Tried again from 2027-01-15 08:15 UTC on.", True),
        (GOOD, 82.9, "Certificate for a.example.com until 2027-04-15 (7 days).", False),
        (GOOD, 83, "Certificate for a.example.com until 2027-04-15 (7 days).", True),
        (replace(GOOD, until=NOW + 6 * DAY), 4.9, "Certificate for a.example.com until 2027-01-21 (1 day).", False),
        (replace(GOOD, until=NOW + 6 * DAY), 5, "Certificate for a.example.com until 2027-01-21 (1 day).", True),
        (GOOD, 91, "The certificate for a.example.com expired on 2027-04-15: browsers refuse it.", True),
    ],
)  # fmt: skip
def test_it_is_said_until_when_and_loudly_once_somebody_must_look(
    known: HostCertificate, days: float, text: str, loud: bool
) -> None:
    (note,) = certificate_notes(["a.example.com"], {"a.example.com": known}, NOW + days * DAY)
    assert (note.text, note.loud) == (text, loud)
    assert note.until == (known.until if known.version else None)


@dataclass
class Run:
    """The timer of one stack over many days: an authority that signs by the test's clock, and what came of it."""

    away: Callable[[float], bool] = lambda day: False
    state: HostCertificate = NEW
    fetched_on: list[float] = field(default_factory=list)
    attempts: list[float] = field(default_factory=list)
    loud: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)

    def hours(self, days: int) -> Iterator[float]:
        return (hour / 24 for hour in range(days * 24))

    def over(self, days: int) -> "Run":
        for day in self.hours(days):
            moment = NOW + day * DAY
            if is_due(self.state, ACME, moment):
                self._attempt(day, moment)
            (note,) = certificate_notes(["a.example.com"], {"a.example.com": self.state}, moment)
            if note.loud:
                self.loud.append(day)
            if self.state.until <= moment:
                self.gaps.append(day)
        return self

    def _attempt(self, day: float, moment: float) -> None:
        self.attempts.append(day)
        self.state = ordered(self.state, ACME)
        if self.away(day):
            self.state = failed(self.state, ACME, "It is away.", moment, refused=True)
            return
        certificate = Certificate(("a.example.com",), moment, moment + 90 * DAY, len(self.fetched_on))
        self.state = fetched(self.state, certificate, len(self.fetched_on) + 1, moment)
        self.fetched_on.append(day)


def test_200_days_take_one_order_every_60_days() -> None:
    run = Run().over(200)
    assert run.fetched_on == [0, 60, 120, 180]
    assert run.state.orders == len(run.attempts) == 4
    assert (run.loud, run.gaps) == ([], [])


def test_an_authority_that_is_away_for_20_of_the_last_30_days_leaves_no_gap_and_one_warning() -> None:
    run = Run(away=lambda day: 60 <= day < 80).over(200)
    assert run.gaps == []
    assert run.fetched_on[0] == 0
    assert 80 <= run.fetched_on[1] <= 81
    begins = [day for day, before in zip(run.loud, [-1.0, *run.loud], strict=False) if day - before > 1.5 / 24]
    assert len(begins) == 1
    assert 67 <= begins[0] < 68, "after a week"
    assert max(run.loud) < run.fetched_on[1]
    per_hour = max(sum(start <= day < start + 1 / 24 for day in run.attempts) for start in run.attempts)
    assert per_hour <= 5
    assert len(run.attempts) < 40, "once a day after the first"


def test_failures_end_before_the_certificate_does_and_are_forgotten_with_the_next() -> None:
    run = Run(away=lambda day: 60 <= day < 62).over(100)
    assert run.loud == []
    assert (run.state.failures, run.state.failing_since, run.state.message) == (0, None, "")
