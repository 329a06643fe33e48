"""Since when copies are not ready."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "unready",
        sa.Column("stack", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("incarnation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("stack", "address", "incarnation", name=op.f("pk_unready")),
    )
