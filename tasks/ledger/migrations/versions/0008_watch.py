"""What a release that serves is compared with, and the verdict."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("releases", sa.Column("watch", sa.JSON(), nullable=True))
