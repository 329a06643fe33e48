"""What is known of the certificates that are fetched: one row a host of a stack."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "certificates",
        sa.Column("stack", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("stack", "host", name=op.f("pk_certificates")),
    )
