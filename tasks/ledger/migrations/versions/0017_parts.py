"""What a restore that is to be taken back exchanged. No release of Tenfold wrote an undo without it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.drop_table("undos")
    op.create_table(
        "undos",
        sa.Column("stack", sa.String(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["stack"], ["stacks.name"], name=op.f("fk_undos_stack"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("stack", name=op.f("pk_undos")),
    )
