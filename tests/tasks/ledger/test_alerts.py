"""Alerts, messages, silences and results of backups, in both databases."""

from dataclasses import replace

import sqlalchemy as sa

from infra_specs.alerts.alert import Alert, LastChange
from infra_specs.alerts.facts import Machine
from infra_specs.alerts.message import Message
from infra_specs.alerts.quiet import Silence
from infra_specs.alerts.stack_look import StackLook
from tasks.ledger import Ledger
from tasks.ledger.alerts import KEPT_SECONDS, Recorded
from tasks.ledger.backup_results import BackupResult
from tasks.ledger.database import Database
from tasks.ledger.messages import NewMessage, Receiver
from tasks.ledger.tables import looks

NOW = 1_796_126_400.0
CHANGE = LastChange("7", "deploy", NOW - 60, "release 4", "ana", "tenfold rollback shop 3")
ALERT = Alert("a1", "shop", "no_replica", "web", "Nobody serves.", "Look.", NOW, raised=NOW + 60, change=CHANGE)
MAIL, SLACK = Receiver("ops@example.com"), Receiver("slack", is_secret=True)
MESSAGE = Message("m1", "shop", "shop: no healthy replica", "Nobody serves.\nMessage m1")


def test_an_alert_is_kept_as_it_is(ledger: Ledger) -> None:
    ledger.alerts.record(Recorded([ALERT], [], []), NOW, None)
    ledger.alerts.record(Recorded([ALERT], [], []), NOW, None)
    assert ledger.alerts.known(NOW) == (ALERT,)
    assert ledger.alerts.listed() == (ALERT,)
    assert ledger.alerts.listed("blog") == ()


def test_those_that_go_on_are_listed_first_and_pending_ones_not_at_all(ledger: Ledger) -> None:
    over = replace(ALERT, id="a2", kind="errors", since=NOW + 10, ended=NOW + 90, closed=True)
    pending = replace(ALERT, id="a3", kind="latency", raised=None)
    ledger.alerts.record(Recorded([over, pending, ALERT], [], []), NOW, None)
    assert [alert.id for alert in ledger.alerts.listed()] == ["a1"]
    assert [alert.id for alert in ledger.alerts.listed(ended_since=NOW)] == ["a1", "a2"]
    assert [alert.id for alert in ledger.alerts.listed(ended_since=NOW + 100)] == ["a1"]
    assert {alert.id for alert in ledger.alerts.known(NOW + 100)} == {"a1", "a2", "a3"}
    assert {alert.id for alert in ledger.alerts.known(NOW + 86_400)} == {"a1", "a3"}


def test_what_was_never_an_alert_is_forgotten_and_what_is_old_goes(ledger: Ledger) -> None:
    over = replace(ALERT, id="a2", ended=NOW, closed=True)
    pending = replace(ALERT, id="a3", raised=None)
    ledger.alerts.record(Recorded([over, pending], [], []), NOW, None)
    ledger.alerts.record(Recorded([], [pending], []), NOW + KEPT_SECONDS + 1, None)
    assert ledger.alerts.listed(ended_since=0) == ()
    assert ledger.alerts.known(NOW) == ()


def test_a_message_is_due_until_it_is_delivered(ledger: Ledger) -> None:
    new = [NewMessage(MESSAGE, MAIL), NewMessage(MESSAGE, SLACK)]
    ledger.alerts.record(Recorded([ALERT], [], new), NOW, None)
    ledger.alerts.record(Recorded([ALERT], [], new), NOW, None)
    mail, slack = ledger.messages.due(NOW)
    assert (mail.receiver, mail.message, slack.receiver) == (MAIL, MESSAGE, SLACK)
    ledger.messages.delivered(mail, NOW)
    ledger.messages.refused(slack, "it is away", NOW)
    assert ledger.messages.due(NOW + 14) == ()
    (again,) = ledger.messages.due(NOW + 15)
    assert (again.receiver, again.tries) == (SLACK, 1)


def test_a_clock_that_is_set_back_keeps_no_message_waiting(ledger: Ledger) -> None:
    ledger.messages.send([NewMessage(MESSAGE, MAIL)], NOW)
    (due,) = ledger.messages.due(NOW - 3600)
    ledger.messages.refused(due, "it is away", NOW - 3600)
    assert ledger.messages.due(NOW - 3600 + 14) == ()
    assert len(ledger.messages.due(NOW - 3600 + 15)) == 1


def test_a_receiver_that_was_away_for_an_hour_is_tried_again_within_a_quarter_of_one(ledger: Ledger) -> None:
    ledger.messages.send([NewMessage(MESSAGE, MAIL)], NOW)
    moments = list[float]()
    moment = NOW
    while moment < NOW + 3600:
        for due in ledger.messages.due(moment):
            moments.append(moment)
            ledger.messages.refused(due, "it is away", moment)
        moment += 5
    assert len(moments) > 5
    assert any(ledger.messages.due(NOW + 3600 + after) for after in range(0, 900, 5))


def test_what_waits_for_long_is_itself_seen(ledger: Ledger) -> None:
    ledger.messages.send([NewMessage(MESSAGE, SLACK)], NOW)
    assert ledger.messages.waiting(NOW + 400) == {}, "nobody tried yet"
    ledger.messages.refused(ledger.messages.due(NOW)[0], "it is away", NOW)
    assert ledger.messages.waiting(NOW + 100) == {}
    waiting = ledger.messages.waiting(NOW + 400)["shop"]["slack"]
    assert (waiting.count, waiting.since, waiting.error) == (1, NOW, "it is away")
    ledger.messages.drop("shop", [MAIL])
    assert ledger.messages.waiting(NOW + 400) == {}


def test_a_silence_ends_by_itself_or_by_hand(ledger: Ledger) -> None:
    silence = Silence("shop", NOW, NOW + 7200, "new disks", "ana")
    ledger.silences.begin(silence)
    assert ledger.silences.now(NOW) == (silence,)
    assert ledger.silences.now(NOW + 7200) == ()
    longer = replace(silence, until=NOW + 9000)
    ledger.silences.begin(longer)
    assert ledger.silences.now(NOW + 7200) == (longer,)
    assert (ledger.silences.end("shop"), ledger.silences.end("shop")) == (True, False)


def test_a_failed_backup_leaves_what_was_proven(ledger: Ledger) -> None:
    ledger.backup_results.expect(["shop"], NOW)
    ledger.backup_results.expect(["shop"], NOW + 5)
    ledger.backup_results.failed("shop", "no disk")
    assert ledger.backup_results.all() == {"shop": BackupResult(NOW, None, "no disk")}
    ledger.backup_results.succeeded("shop", NOW, "its rows fell from 10 to 4")
    ledger.backup_results.failed("shop", "rows differ")
    assert ledger.backup_results.all() == {"shop": BackupResult(NOW, NOW, "rows differ", "its rows fell from 10 to 4")}
    ledger.backup_results.succeeded("shop", NOW + 9, "")
    assert ledger.backup_results.all() == {"shop": BackupResult(NOW, NOW + 9)}


def test_the_last_look_is_kept_and_a_broken_one_is_none(ledger: Ledger, database: Database) -> None:
    machine = Machine(disk=10, disk_free=3)
    look = StackLook(NOW, "", {"web": 2}, {"proxy": True, "cache": None}, {"host": machine}, (3, 100), (5, 9),
                     {"": ((NOW, 5.0),)})  # fmt: skip
    ledger.looks.put({"shop": look, "blog": StackLook(NOW, "no answer")})
    ledger.looks.put({"blog": StackLook(NOW + 60)})
    assert ledger.looks.all() == {"blog": StackLook(NOW + 60), "shop": look}
    with database.write() as connection:
        connection.execute(sa.update(looks).where(looks.c.stack == "blog").values(look='{"at": "then"}'))
    assert ledger.looks.all() == {"shop": look}
