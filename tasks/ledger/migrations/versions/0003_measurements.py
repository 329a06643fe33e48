"""Measurements, decisions, and what a check remembers of a service."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _service() -> "tuple[sa.Column[str], sa.Column[str]]":
    return sa.Column("stack", sa.String(), nullable=False), sa.Column("service", sa.String(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "measurements",
        sa.Column("period", sa.BigInteger(), autoincrement=False, nullable=False),
        *_service(),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("requests_per_second", sa.Double(), nullable=True),
        sa.Column("most_requests_per_second", sa.Double(), nullable=True),
        sa.Column("in_flight", sa.Double(), nullable=True),
        sa.Column("most_in_flight", sa.Double(), nullable=True),
        sa.Column("latency", sa.Double(), nullable=True),
        sa.Column("most_latency", sa.Double(), nullable=True),
        sa.Column("serving", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("period", "stack", "service", name=op.f("pk_measurements")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "samples",
        sa.Column("period", sa.BigInteger(), autoincrement=False, nullable=False),
        *_service(),
        sa.Column("windows", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("period", "stack", "service", name=op.f("pk_samples")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decisions",
        sa.Column("id", number, nullable=False),
        *_service(),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("replicas", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("flow_run_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index("ix_decisions_service", "decisions", ["stack", "service", "id"], unique=False)
    op.create_table(
        "remembered",
        *_service(),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("memory", sa.Text(), nullable=False),
        sa.Column("readings", sa.Text(), nullable=False),
        sa.Column("decision", number, nullable=True),
        sa.PrimaryKeyConstraint("stack", "service", name=op.f("pk_remembered")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "checks",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("services", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_checks")),
    )
