"""The ledger's tables. A change here needs a migration; a test compares the two."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)
_number = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts by itself in SQLite

locks = Table(
    "locks",
    metadata,
    Column("stack", String, primary_key=True),
    Column("fence", BigInteger, nullable=False),
    Column("owner", JSON(none_as_null=True)),  # NULL: free. The row stays, so that fences only grow.
    Column("since", Double),
    Column("until", Double),
    Column("lease", Double),
)

stacks = Table(
    "stacks",
    metadata,
    Column("name", String, primary_key=True),
    Column("spec", JSON, nullable=False),
    Column("source", Text, nullable=False),
    Column("target", String, nullable=False),
    Column("wanted", Boolean, nullable=False),
    Column("since", Double, nullable=False),
)

overrides = Table(
    "overrides",
    metadata,
    Column("stack", String, ForeignKey("stacks.name", ondelete="CASCADE"), primary_key=True),
    Column("service", String, primary_key=True),
    Column("replicas", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Double, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", _number, primary_key=True),
    Column("stack", String, nullable=False),
    Column("verb", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("flow_run_id", String),
    Column("fence", BigInteger, nullable=False),
    Column("plan", JSON, nullable=False),
    Column("state", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("began", Double, nullable=False),
    Column("ended", Double),
    Index(None, "stack"),
)

changes = Table(
    "changes",
    metadata,
    Column("id", _number, primary_key=True),
    Column("run", _number, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("action", String, nullable=False),
    Column("address", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("seconds", Double),
    Column("began", Double, nullable=False),
    Index(None, "run"),
)

secrets = Table(
    "secrets",
    metadata,
    Column("stack", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("token", Text),  # NULL: removed. The row stays, so that a version never means two values.
    Column("since", Double, nullable=False),
)

releases = Table(
    "releases",
    metadata,
    Column("stack", String, ForeignKey("stacks.name", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", String, nullable=False),
    Column("step", Integer, nullable=False),
    Column("verb", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("flow_run_id", String),
    Column("content", JSON, nullable=False),
    Column("file", JSON, nullable=False),
    Column("message", Text, nullable=False),
    Column("since", Double, nullable=False),
    Column("ended", Double),
)
