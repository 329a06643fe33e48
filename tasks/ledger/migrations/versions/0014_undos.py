"""The restores that are to be taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "undos",
        sa.Column("stack", sa.String(), nullable=False),
        sa.Column("backup", sa.String(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["stack"], ["stacks.name"], name=op.f("fk_undos_stack"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("stack", name=op.f("pk_undos")),
    )
