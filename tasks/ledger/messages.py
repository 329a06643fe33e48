"""Messages on their way to a receiver each: tried until they are delivered, and kept for a week after that.

A message that was tried and not delivered is tried again, ever more seldom, and given up after a week.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from infra_specs.alerts.facts import Undelivered
from infra_specs.alerts.message import Message
from tasks.base.known_secrets import known_secrets
from tasks.ledger.database import Database
from tasks.ledger.tables import messages

FIRST_WAIT_SECONDS = 15.0
LONGEST_WAIT_SECONDS = 900.0
"""Between two tries: a receiver that was away for an hour gets its messages within a quarter of an hour."""
KEPT_SECONDS = 7 * 86_400.0
LONG_SECONDS = 300.0
"""A message that waits for so long is itself seen."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who is told: a mail address, or the name of the stack's secret that holds an address."""

    name: str
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to one receiver."""

    message: Message
    receiver: Receiver


@dataclass(frozen=True, slots=True)
class DueMessage:
    """A message that shall be tried now, for the time `tries + 1`."""

    message: Message
    receiver: Receiver
    tries: int


def add(database: Database, connection: sa.Connection, new: Sequence[NewMessage], moment: float) -> None:
    """Add messages, due now; one that is there stays as it is. Delivered ones of last week go."""
    old = messages.c.made < moment - KEPT_SECONDS
    connection.execute(sa.delete(messages).where(old))
    rows = [
        {
            "id": letter.message.id, "receiver": letter.receiver.name, "is_secret": letter.receiver.is_secret,
            "stack": letter.message.stack, "title": known_secrets.shown(letter.message.title),
            "body": "\n".join(known_secrets.shown(line) for line in letter.message.body.split("\n")),
            "made": moment, "tries": 0, "due": moment, "error": "",
        }
        for letter in new
    ]  # fmt: skip
    if rows:
        connection.execute(database.insert(messages).on_conflict_do_nothing(), rows)


class Messages:
    """The messages of all stacks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def send(self, new: Sequence[NewMessage], moment: float) -> None:
        """Add messages that tell of no alert."""
        with self._database.write() as connection:
            add(self._database, connection, new, moment)

    def due(self, moment: float) -> tuple[DueMessage, ...]:
        """Those that shall be tried now, the oldest first; also those that wait too long as a clock was set back."""
        is_due = sa.or_(messages.c.due <= moment, messages.c.due > moment + LONGEST_WAIT_SECONDS)
        query = sa.select(messages).where(messages.c.delivered.is_(None), is_due)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(messages.c.made, messages.c.id)).mappings().all()
        return tuple(_due(row) for row in rows)

    def delivered(self, due: DueMessage, moment: float) -> None:
        """Record that the receiver took it."""
        self._change(due, {"delivered": moment, "tries": due.tries + 1, "error": ""})

    def refused(self, due: DueMessage, error: str, moment: float) -> None:
        """Record that a try failed, and when the next one is due. One that was delivered meanwhile stays so."""
        wait = min(FIRST_WAIT_SECONDS * 2.0 ** min(due.tries, 10), LONGEST_WAIT_SECONDS)
        told = known_secrets.shown(error)
        self._change(due, {"tries": due.tries + 1, "due": moment + wait, "error": told})

    def postpone(self, waiting: Sequence[DueMessage], moment: float) -> None:
        """Have these wait for a while without a try: they are due together with no message that was just refused."""
        for due in waiting:
            self._change(due, {"due": moment + FIRST_WAIT_SECONDS})

    def waiting(self, moment: float) -> dict[str, dict[str, Undelivered]]:
        """Stack -> receiver -> what has waited for it for long although it was tried."""
        match = messages.c.delivered.is_(None) & (messages.c.made <= moment - LONG_SECONDS) & (messages.c.tries > 0)
        with self._database.read() as connection:
            rows = connection.execute(sa.select(messages).where(match).order_by(messages.c.made.desc())).all()
        waiting: dict[str, dict[str, Undelivered]] = {}
        for row in rows:
            own = waiting.setdefault(row.stack, {})
            count = own[row.receiver].count if row.receiver in own else 0
            own[row.receiver] = Undelivered(count + 1, row.made, row.error)
        return waiting

    def drop(self, stack: str, receivers: Sequence[Receiver]) -> None:
        """Forget the messages of a stack to all receivers but these: nobody else is told any more."""
        names = [receiver.name for receiver in receivers]
        match = (messages.c.stack == stack) & messages.c.receiver.not_in(names) & messages.c.delivered.is_(None)
        with self._database.write() as connection:
            connection.execute(sa.delete(messages).where(match))

    def _change(self, due: DueMessage, values: dict[str, Any]) -> None:
        ours = (messages.c.id == due.message.id) & (messages.c.receiver == due.receiver.name)
        match = ours & messages.c.delivered.is_(None)
        with self._database.write() as connection:
            connection.execute(sa.update(messages).where(match).values(**values))


def _due(row: sa.RowMapping) -> DueMessage:
    message = Message(row["id"], row["stack"], row["title"], row["body"])
    return DueMessage(message, Receiver(row["receiver"], bool(row["is_secret"])), row["tries"])
