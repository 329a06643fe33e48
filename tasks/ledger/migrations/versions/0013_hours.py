"""Means and maxima of hours. Those of the five weeks that are known by five minutes are summed up here."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

MEANS = ("requests_per_second", "in_flight", "latency", "serving")
MOST = ("most_requests_per_second", "most_in_flight", "most_latency")


def upgrade() -> None:
    columns: "list[sa.Column[Any]]" = [sa.Column("period", sa.BigInteger(), autoincrement=False, nullable=False)]
    columns += [sa.Column(name, sa.String(), nullable=False) for name in ("stack", "service")]
    columns += [sa.Column("seconds", sa.Double(), nullable=False)]
    for name in ("requests_per_second", "in_flight", "latency"):
        columns += [sa.Column(name, sa.Double(), nullable=True), sa.Column(f"most_{name}", sa.Double(), nullable=True)]
    columns += [sa.Column("serving", sa.Double(), nullable=True)]
    key = sa.PrimaryKeyConstraint("period", "stack", "service", name=op.f("pk_hours"))
    hours = op.create_table("hours", *columns, key, sqlite_with_rowid=False)
    # The table as it is now: a later version of it may have more columns.
    known = sa.table("measurements", *(sa.column(column.name) for column in columns))
    hour = (known.c.period - known.c.period % 3600).label("hour")
    weight = sa.case((known.c.seconds < 1, 1.0), else_=known.c.seconds)
    sums = [sa.func.sum(known.c.seconds).label("seconds")]
    for name in MEANS:
        value = known.c[name]
        seen = sa.case((value.is_not(None), weight))
        sums.append((sa.func.sum(value * weight) / sa.func.sum(seen)).label(name))
    sums += [sa.func.max(known.c[name]).label(name) for name in MOST]
    query = sa.select(hour, known.c.stack, known.c.service, *sums).group_by(hour, known.c.stack, known.c.service)
    names = ["period", "stack", "service", *(column.name for column in sums)]
    op.execute(sa.insert(hours).from_select(names, query))
