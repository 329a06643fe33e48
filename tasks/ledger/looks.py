"""What each target told of a stack when it was looked at last: the next look continues from it."""

from collections.abc import Mapping

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from infra_specs.alerts.stack_look import StackLook
from tasks.ledger.database import Database
from tasks.ledger.tables import looks

_LOOK: TypeAdapter[StackLook] = TypeAdapter(StackLook)


class Looks:
    """The last look at each stack."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, StackLook]:
        """Stack -> the last look at it. One that cannot be read is none: the next look is due."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(looks).order_by(looks.c.stack)).all()
        known = dict[str, StackLook]()
        for row in rows:
            try:
                known[row.stack] = _LOOK.validate_json(row.look)
            except ValidationError:
                continue
        return known

    def put(self, new: Mapping[str, StackLook]) -> None:
        """Keep these in place of the last ones."""
        if not new:
            return
        rows = [{"stack": stack, "at": look.at, "look": _LOOK.dump_json(look).decode()} for stack, look in new.items()]
        with self._database.write() as connection:
            insert = self._database.insert(looks)
            values = {name: insert.excluded[name] for name in ("at", "look")}
            connection.execute(insert.on_conflict_do_update(index_elements=["stack"], set_=values), rows)
