"""Alerts, the messages that tell of them, silences, how backups ended, and the errors of each service."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    for table in ("measurements", "hours"):
        op.add_column(table, sa.Column("errors", sa.Double(), nullable=True))
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("stack", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("todo", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("raised", sa.Double(), nullable=True),
        sa.Column("told", sa.Double(), nullable=True),
        sa.Column("clear", sa.Double(), nullable=True),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("change", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_closed", "alerts", ["closed", "ended"])
    op.create_table(
        "messages",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("is_secret", sa.Boolean(), nullable=False),
        sa.Column("stack", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made", sa.Double(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due", sa.Double(), nullable=False),
        sa.Column("delivered", sa.Double(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "receiver", name=op.f("pk_messages")),
    )
    op.create_index("ix_messages_delivered", "messages", ["delivered", "due"])
    op.create_table(
        "silences",
        sa.Column("stack", sa.String(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("stack", name=op.f("pk_silences")),
    )
    op.create_table(
        "backup_results",
        sa.Column("stack", sa.String(), nullable=False),
        sa.Column("expected", sa.Double(), nullable=False),
        sa.Column("good", sa.Double(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("shrunk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("stack", name=op.f("pk_backup_results")),
    )
    op.create_table(
        "looks",
        sa.Column("stack", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("look", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("stack", name=op.f("pk_looks")),
        sqlite_with_rowid=False,
    )
