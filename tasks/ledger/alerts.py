"""Alerts: those that go on, and for three months those that are over. They are written with what is told of them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from infra_specs.alerts.alert import Alert, LastChange
from infra_specs.alerts.decide import RETURN_SECONDS, RETURNING_SETTLE_SECONDS
from infra_specs.alerts.kinds import KINDS
from tasks.base.known_secrets import known_secrets
from tasks.ledger import messages
from tasks.ledger.database import Database
from tasks.ledger.locks import Lease, guard
from tasks.ledger.messages import NewMessage
from tasks.ledger.tables import alerts

KEPT_SECONDS = 90 * 86_400.0
_CHANGE: TypeAdapter[LastChange] = TypeAdapter(LastChange)
_COLUMNS = tuple(field.name for field in fields(Alert) if field.name not in ("where", "change"))


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is kept of one decision: alerts that changed, those that are forgotten, and messages."""

    changed: Sequence[Alert]
    forgotten: Sequence[Alert] = ()
    messages: Sequence[NewMessage] = ()


class Alerts:
    """The alerts of all stacks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, moment: float) -> tuple[Alert, ...]:
        """All that a decision continues from: alerts that are not closed, and those that ended a short time ago."""
        recent = moment - RETURN_SECONDS - RETURNING_SETTLE_SECONDS
        match = sa.or_(alerts.c.closed.is_(sa.false()), alerts.c.ended >= recent)
        return self._read(sa.select(alerts).where(match).order_by(alerts.c.since, alerts.c.id))

    def listed(self, stack: str | None = None, ended_since: float | None = None) -> tuple[Alert, ...]:
        """The alerts that go on, the newest first, and after them those that ended since a moment.

        Of one stack, or of all. One that has not lasted for long enough is not listed.
        """
        goes_on = alerts.c.ended.is_(None)
        query = sa.select(alerts).where(alerts.c.raised.is_not(None))
        query = query.where(goes_on if ended_since is None else sa.or_(goes_on, alerts.c.ended >= ended_since))
        if stack is not None:
            query = query.where(alerts.c.stack == stack)
        return self._read(query.order_by(alerts.c.ended.is_not(None), alerts.c.since.desc(), alerts.c.id))

    def record(self, new: Recorded, moment: float, lease: Lease | None) -> None:
        """Keep what was decided and what is told of it, all or nothing. What is too old goes.

        `lease`: that of the check which decided it; None for the watchdog, which is alone.
        """
        rows = [_row(alert) for alert in new.changed]
        expired = alerts.c.closed & (alerts.c.ended < moment - KEPT_SECONDS)
        with self._database.write() as connection:
            if lease is not None:
                guard(connection, lease)
            gone = alerts.c.id.in_([alert.id for alert in new.forgotten])
            connection.execute(sa.delete(alerts).where(sa.or_(gone, expired)))
            if rows:
                insert = self._database.insert(alerts)
                values = {name: insert.excluded[name] for name in rows[0] if name != "id"}
                connection.execute(insert.on_conflict_do_update(index_elements=["id"], set_=values), rows)
            messages.add(self._database, connection, new.messages, moment)

    def _read(self, query: "sa.Select[Any]") -> tuple[Alert, ...]:
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(_alert(row) for row in rows if row["kind"] in KINDS)  # a later version may know more


def _row(alert: Alert) -> dict[str, Any]:
    row = {name: getattr(alert, name) for name in _COLUMNS}
    row |= {name: known_secrets.shown(row[name]) for name in ("what", "todo")}
    return {**row, "location": alert.where, "change": asdict(alert.change) if alert.change else None}


def _alert(row: sa.RowMapping) -> Alert:
    return Alert(**{name: row[name] for name in _COLUMNS}, where=row["location"], change=_change(row["change"]))


def _change(data: object) -> LastChange | None:
    """None as well for what cannot be read: an alert is one without it."""
    try:
        return None if data is None else _CHANGE.validate_python(data)
    except ValidationError:
        return None
