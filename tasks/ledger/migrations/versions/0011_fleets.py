"""Fleets: their hosts, and whether a run was one of a stack or of a fleet."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "fleets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("hosts", sa.JSON(), nullable=False),
        sa.Column("leaving", sa.JSON(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("looked", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_fleets")),
    )
    # With a default, so that a version before this one still records its runs.
    op.add_column("runs", sa.Column("kind", sa.String(), nullable=False, server_default="stack"))
