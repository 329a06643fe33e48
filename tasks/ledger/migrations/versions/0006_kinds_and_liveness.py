"""Locks by kind, the liveness of runs, and when a stack was last reconciled."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _split_names_of_locks()
    op.create_table(
        "live_runs",
        sa.Column("flow_run", sa.String(), nullable=False),
        sa.Column("owner", sa.JSON(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("flow_run", name=op.f("pk_live_runs")),
    )
    op.add_column("stacks", sa.Column("reconciled", sa.Double(), nullable=True))


def _split_names_of_locks() -> None:
    """Until now a claim was named `stack/address`, and the lock of the checks `(checks)`."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    slash = "instr(stack, '/')" if is_sqlite else "strpos(stack, '/')"
    op.execute("CREATE TABLE locks_before AS SELECT * FROM locks")
    op.drop_table("locks")
    op.create_table(
        "locks",
        # With defaults, so that a version before this one still takes the locks of stacks.
        sa.Column("kind", sa.String(), nullable=False, server_default="stack"),
        sa.Column("stack", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False, server_default=""),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.JSON(), nullable=True),
        sa.Column("since", sa.Double(), nullable=True),
        sa.Column("until", sa.Double(), nullable=True),
        sa.Column("lease", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "stack", "address", name=op.f("pk_locks")),
    )
    for kind, stack, address, condition in (
        ("claim", f"substr(stack, 1, {slash} - 1)", f"substr(stack, {slash} + 1)", f"{slash} > 0"),
        ("checks", "stack", "''", "stack = '(checks)'"),
        ("stack", "stack", "''", f"{slash} = 0 AND stack <> '(checks)'"),
    ):
        op.execute(
            "INSERT INTO locks (kind, stack, address, fence, owner, since, until, lease) "
            f"SELECT '{kind}', {stack}, {address}, fence, owner, since, until, lease FROM locks_before WHERE {condition}"
        )
    op.drop_table("locks_before")
