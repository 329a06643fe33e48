"""The queue of the runs of a stack, and when the run was asked for that changed it last."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "tickets",
        sa.Column("stack", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("asked", sa.Double(), nullable=False),
        sa.Column("owner", sa.JSON(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("stack", "run", name=op.f("pk_tickets")),
    )
    op.add_column("locks", sa.Column("asked", sa.Double(), nullable=True))
    op.add_column("locks", sa.Column("asked_run", sa.String(), nullable=True))
