"""Secrets that are bytes and no text."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # With a default, so that a version before this one goes on writing text.
    op.add_column("secrets", sa.Column("binary", sa.Boolean(), nullable=False, server_default=sa.false()))
