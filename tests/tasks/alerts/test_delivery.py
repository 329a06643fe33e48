"""Messages reach a mail server and a webhook; receivers that are slow, refuse, lie or are away lose none of them."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from infra_specs.alerts.message import Message
from infra_specs.errors import PlanError, TransientError
from tasks.alerts.delivery import beat, bring_due, send_trial
from tasks.ledger.messages import NewMessage, Receiver
from tasks.ledger.tables import messages, stacks
from tasks.stack.addresses import refuse_addresses
from tests.support.certificates import authority
from tests.tasks.alerts.receivers import Hook, MailServer, hook, mail_server
from tests.tasks.alerts.watched import Watched, watched

TO_BOTH = {"to": ["ops@example.com", {"secret": "hook"}], "smtp": {"secret": "smtp"}, "heartbeat": {"secret": "beat"}}
pytestmark = pytest.mark.proof
TOKEN = "token-of-the-hook"


class Office:
    """A shop with a mail server and a webhook."""

    def __init__(self, shop: Watched, mail: MailServer, web: Hook) -> None:
        self.shop, self.mail, self.web = shop, mail, web
        ledger = shop.ledger
        ledger.secrets.set("shop", "smtp", f"mailto://127.0.0.1:{mail.port}?from=tenfold@example.com&mode=insecure")
        ledger.secrets.set("shop", "hook", f"json://127.0.0.1:{web.port}/{TOKEN}")
        ledger.secrets.set("shop", "beat", f"http://127.0.0.1:{web.port}/{TOKEN}")

    def fault(self) -> None:
        self.shop.load(requests_per_second=50, latency=0.1, failing=0.9)
        self.shop.checks(180)

    def end(self) -> None:
        self.shop.load(requests_per_second=50, latency=0.1)
        self.shop.checks(900, every=30)

    def bring(self, seconds: float = 60.0) -> tuple[str, ...]:
        return bring_due(self.shop.ledger, seconds)

    @property
    def mailed(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mail.mails]

    @property
    def hooked(self) -> list[str]:
        return [message["title"] for message in self.web.sent]

    def hours_later(self, hours: float) -> None:
        self.shop.shop.at += 3600 * hours


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with ExitStack() as stack:
        shop = stack.enter_context(watched(tmp_path, alerts=TO_BOTH))
        yield Office(shop, stack.enter_context(mail_server()), stack.enter_context(hook()))


def test_a_fault_reaches_mail_and_webhook_once_and_so_does_its_end(office: Office) -> None:
    office.fault()
    assert office.bring() == ()
    assert (office.mailed, office.hooked) == (["shop: errors: web"], ["shop: errors: web"])
    office.shop.checks(60)
    assert office.bring() == ()
    assert (len(office.mailed), len(office.hooked)) == (1, 1)
    office.end()
    assert office.bring() == ()
    over = "shop: over: errors: web"
    assert (office.mailed[1:], office.hooked[1:]) == ([over], [over])
    body = office.web.sent[0]["message"]
    (alert,) = office.shop.ledger.alerts.listed(ended_since=0)
    assert alert.id in body
    assert alert.id in office.web.sent[1]["message"]


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_one_that_refuses_is_tried_again_with_the_same_id_and_the_others_have_theirs(
    office: Office, status: int
) -> None:
    office.web.status = status
    office.fault()
    office.bring()
    assert (office.mailed, office.hooked) == (["shop: errors: web"], [])
    (waiting,) = office.shop.ledger.messages.due(office.shop.shop.at + 3600)
    assert waiting.receiver == Receiver("hook", is_secret=True)
    office.web.status = 200
    office.bring()
    assert office.hooked == [], "it is not due yet"
    office.hours_later(0.1)
    assert office.bring() == ()
    assert office.hooked == ["shop: errors: web"]
    assert waiting.message.id in office.web.sent[0]["message"]


def test_a_mail_that_is_refused_is_tried_again(office: Office) -> None:
    office.mail.refusal = "451 come back later"
    office.fault()
    office.bring()
    assert (office.mailed, len(office.hooked)) == ([], 1)
    office.mail.refusal = ""
    office.hours_later(0.1)
    office.bring()
    assert office.mailed == ["shop: errors: web"]


def test_one_that_is_away_for_an_hour_gets_everything_and_that_it_was_away_is_seen(office: Office) -> None:
    office.web.status = 503
    office.fault()
    for _ in range(12):
        office.bring()
        office.shop.checks(300, every=150)
    open_kinds = {alert.kind for alert in office.shop.ledger.alerts.listed()}
    assert "undelivered" in open_kinds
    assert any("undelivered" in title or "not delivered" in title for title in office.mailed)
    office.web.status = 200
    office.hours_later(0.3)
    assert office.bring() == ()
    assert office.hooked[0] == "shop: errors: web"
    office.end()
    assert "undelivered" not in {alert.kind for alert in office.shop.ledger.alerts.listed()}


def test_one_that_does_not_answer_keeps_nobody_waiting_and_loses_nothing(office: Office) -> None:
    office.web.gate.clear()
    office.fault()
    faults = office.bring(seconds=2.0)
    assert len(faults) == 1
    assert "hook" in faults[0]
    office.web.gate.set()
    office.hours_later(0.1)
    office.bring()
    assert "shop: errors: web" in office.hooked


def written(office: Office, *titles: str) -> None:
    new = [NewMessage(Message(title, "shop", title, "text"), Receiver("hook", is_secret=True)) for title in titles]
    for number, message in enumerate(new):
        office.shop.ledger.messages.send([message], office.shop.shop.at - 100 + number)


def test_messages_that_are_never_taken_keep_no_other_waiting(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []

    def refuse_some(_: str, title: str, __: str) -> None:
        if title.startswith("bad"):
            raise TransientError("400")
        taken.append(title)

    monkeypatch.setattr("tasks.alerts.delivery.send", refuse_some)
    written(office, "bad 1", "good 1")
    office.bring()
    assert taken == ["good 1"]
    written(office, *(f"bad {number}" for number in range(2, 6)), "good 2")
    for _ in range(3):
        office.bring()
        office.hours_later(16 / 3600)
    assert taken == ["good 1", "good 2"]
    assert {due.message.title for due in office.shop.ledger.messages.due(office.shop.shop.at + 9e5)} == {
        f"bad {number}" for number in range(1, 6)
    }


def test_a_stack_whose_file_cannot_be_read_for_a_while_keeps_its_messages(office: Office) -> None:
    written(office, "first")
    ledger = office.shop.ledger
    with ledger._database.write() as connection:
        spec = connection.execute(sa.select(stacks.c.spec)).scalar_one()
        connection.execute(sa.update(stacks).values(spec={**spec, "target": {"provider": "later"}}))
    assert office.bring() == ()
    with ledger._database.write() as connection:
        connection.execute(sa.update(stacks).values(spec=spec))
    office.bring()
    assert office.hooked == ["first"]


def test_a_stack_that_is_gone_is_told_nothing(office: Office) -> None:
    written(office, "first")
    with office.shop.ledger._database.write() as connection:
        connection.execute(sa.update(messages).values(stack="gone"))
    office.bring()
    assert office.shop.ledger.messages.due(office.shop.shop.at + 9e5) == ()


def test_one_whose_answer_is_lost_may_get_a_message_twice_with_the_same_id(office: Office) -> None:
    office.web.drops_answer = True
    office.fault()
    office.bring()
    office.web.drops_answer = False
    office.hours_later(0.1)
    office.bring()
    assert len(office.web.sent) >= 2
    assert len({message["message"] for message in office.web.sent}) == 1


def test_one_with_a_certificate_that_nobody_signed_is_sent_nothing(office: Office, tmp_path: Path) -> None:
    pem = tmp_path / "pair.pem"
    pem.write_text("".join(authority().issue("localhost")))
    with hook(pem) as secure:
        office.shop.ledger.secrets.set("shop", "hook", f"jsons://localhost:{secure.port}/{TOKEN}")
        office.fault()
        office.bring()
        assert secure.sent == []
        assert office.mailed == ["shop: errors: web"]


def test_no_log_and_no_message_has_a_token(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.web.status = 500
    office.fault()
    with caplog.at_level(logging.DEBUG):
        faults = office.bring()
    (waiting,) = office.shop.ledger.messages.waiting(office.shop.shop.at + 400)["shop"].values()
    assert waiting.error
    logged = [record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG]
    for text in (*faults, waiting.error, *logged):
        assert TOKEN not in text


def test_who_is_named_no_more_is_told_nothing(office: Office) -> None:
    office.web.status = 500
    office.fault()
    office.bring()
    spec = office.shop.ledger.stacks.find("shop")
    assert spec is not None
    data = dict(spec.spec)  # type: ignore[arg-type]
    data["alerts"] = {**data["alerts"], "to": ["ops@example.com"]}
    office.shop.shop.want(data)
    office.web.status = 200
    office.hours_later(0.1)
    office.bring()
    assert office.hooked == []
    assert office.shop.ledger.messages.due(office.shop.shop.at + 9e9) == ()


def test_a_trial_reaches_everybody_and_says_who_did_not_take_it(office: Office) -> None:
    stack = office.shop.ledger.stacks.find("shop")
    assert stack is not None
    assert set(send_trial(office.shop.ledger, stack.stack(), "t1").values()) == {""}
    assert (office.mailed, office.hooked) == (["shop: a test of its alerts"], ["shop: a test of its alerts"])
    office.web.status = 403
    faults = send_trial(office.shop.ledger, stack.stack(), "t2")
    assert faults[Receiver("ops@example.com")] == ""
    assert "403" in faults[Receiver("hook", is_secret=True)]


def test_a_heartbeat_is_called_and_its_fault_is_told(office: Office) -> None:
    assert beat(office.shop.ledger) == ()
    assert office.web.paths == [f"/{TOKEN}"]
    office.web.status = 500
    assert beat(office.shop.ledger) == ("The heartbeat of shop did not answer: it answered 500",)


@pytest.mark.parametrize(
    ("secret", "value", "fault"),
    [
        ("hook", "https://example.com/hook", "the secret `hook` is no address that Apprise reads"),
        ("hook", "not an address", "the secret `hook` is no address that Apprise reads"),
        ("hook", b"\0\1", "the secret `hook` is no address that Apprise reads"),
        ("smtp", "json://example.com", "the secret `smtp` is no mail server"),
        ("smtp", "smtp.example.com", "the secret `smtp` is no mail server"),
        ("beat", "slack://a/b/c", "the secret `beat` is no URL"),
        ("beat", "https://[bad/token", "the secret `beat` is no URL"),
        ("beat", "https://example.com:99999/token", "the secret `beat` is no URL"),
        ("beat", "https://user:pa\u2100ssword@example.com/", "the secret `beat` is no URL"),
        ("smtp", "mailto://[bad/", "the secret `smtp` is no mail server"),
        ("smtp", "mailto://us:pa\u2100ssword@example.com", "the secret `smtp` is no mail server"),
        ("hook", "json://[bad/", "the secret `hook` is no address that Apprise reads"),
    ],
)
def test_a_secret_that_is_no_address_is_refused_with_the_command_that_mends_it(
    office: Office, secret: str, value: str | bytes, fault: str
) -> None:
    record = office.shop.ledger.stacks.find("shop")
    assert record is not None
    refuse_addresses(office.shop.ledger, record.stack())
    office.shop.ledger.secrets.set("shop", secret, value)
    with pytest.raises(PlanError) as refused:
        refuse_addresses(office.shop.ledger, record.stack())
    assert fault in str(refused.value)
    assert f"tenfold secret set shop {secret}" in str(refused.value)
