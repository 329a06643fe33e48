"""The ledger's tables. A change here needs a migration; a test compares the two."""

from sqlalchemy import (
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
    false,
)

from tasks.ledger.json_column import JsonColumn

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
    # "stack", "fleet", "claim", "checks" or "backup"
    Column("kind", String, primary_key=True, server_default="stack"),
    Column("stack", String, primary_key=True),
    Column("address", String, primary_key=True, server_default=""),  # of a claim
    Column("fence", BigInteger, nullable=False),
    Column("owner", JsonColumn(none_as_null=True)),  # NULL: free. The row stays, so that fences only grow.
    Column("since", Double),
    Column("until", Double),
    Column("lease", Double),
    Column("asked", Double),  # when the run was asked for that took it last, and which flow run that is
    Column("asked_run", String),
)

tickets = Table(
    "tickets",
    metadata,
    Column("stack", String, primary_key=True),
    Column("run", String, primary_key=True),
    Column("asked", Double, nullable=False),
    Column("owner", JsonColumn, nullable=False),
    Column("until", Double, nullable=False),
)

stacks = Table(
    "stacks",
    metadata,
    Column("name", String, primary_key=True),
    Column("spec", JsonColumn, nullable=False),
    Column("source", Text, nullable=False),
    Column("target", String, nullable=False),
    Column("wanted", Boolean, nullable=False),
    Column("since", Double, nullable=False),
    Column("reconciled", Double),  # when a reconcile last began
)

undos = Table(
    "undos",
    metadata,
    Column("stack", String, ForeignKey("stacks.name", ondelete="CASCADE"), primary_key=True),
    Column("parts", JsonColumn, nullable=False),  # what a restore exchanged that is to be taken back
    Column("since", Double, nullable=False),
)

fleets = Table(
    "fleets",
    metadata,
    Column("name", String, primary_key=True),
    Column("hosts", JsonColumn, nullable=False),
    Column("leaving", JsonColumn, nullable=False),  # taken out of the list, and not gone yet
    Column("key", Text),
    Column("since", Double, nullable=False),
    Column("looked", Double),  # when a run last looked at its hosts
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
    Column("kind", String, nullable=False, server_default="stack"),  # "stack", or "fleet" of that name
    Column("stack", String, nullable=False),
    Column("verb", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("flow_run_id", String),
    Column("fence", BigInteger, nullable=False),
    Column("plan", JsonColumn, nullable=False),
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
    Column("binary", Boolean, nullable=False, server_default=false()),
)

certificates = Table(
    "certificates",
    metadata,
    Column("stack", String, primary_key=True),
    Column("host", String, primary_key=True),
    Column("state", JsonColumn, nullable=False),
)

hosts = Table(
    "hosts",
    metadata,
    Column("machine", String, primary_key=True),
    Column("port", Integer, primary_key=True, autoincrement=False),
    Column("host", String, primary_key=True),
    Column("stack", String, nullable=False),
    Column("protocol", String, nullable=False),
)

front_ports = Table(
    "front_ports",
    metadata,
    Column("machine", String, primary_key=True),
    Column("port", Integer, primary_key=True, autoincrement=False),
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
    Column("content", JsonColumn, nullable=False),
    Column("file", JsonColumn, nullable=False),
    Column("message", Text, nullable=False),
    Column("since", Double, nullable=False),
    Column("ended", Double),
    Column("watch", JsonColumn(none_as_null=True)),  # what it is compared with after it took over
)

# Periods come first in the next three keys: a check writes at the end of the table, trimming takes from its beginning,
# and what all services did at one time of day lies together.
measurements = Table(
    "measurements",
    metadata,
    Column("period", BigInteger, primary_key=True, autoincrement=False),
    Column("stack", String, primary_key=True),
    Column("service", String, primary_key=True),
    Column("seconds", Double, nullable=False),
    Column("requests_per_second", Double),
    Column("most_requests_per_second", Double),
    Column("in_flight", Double),
    Column("most_in_flight", Double),
    Column("latency", Double),
    Column("most_latency", Double),
    Column("serving", Double),
    Column("errors", Double),
    sqlite_with_rowid=False,
)

hours = Table(
    "hours",
    metadata,
    Column("period", BigInteger, primary_key=True, autoincrement=False),
    Column("stack", String, primary_key=True),
    Column("service", String, primary_key=True),
    Column("seconds", Double, nullable=False),
    Column("requests_per_second", Double),
    Column("most_requests_per_second", Double),
    Column("in_flight", Double),
    Column("most_in_flight", Double),
    Column("latency", Double),
    Column("most_latency", Double),
    Column("serving", Double),
    Column("errors", Double),
    sqlite_with_rowid=False,
)

samples = Table(
    "samples",
    metadata,
    Column("period", BigInteger, primary_key=True, autoincrement=False),
    Column("stack", String, primary_key=True),
    Column("service", String, primary_key=True),
    Column("windows", Text, nullable=False),
    sqlite_with_rowid=False,
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", _number, primary_key=True),
    Column("stack", String, nullable=False),
    Column("service", String, nullable=False),
    Column("since", Double, nullable=False),
    Column("until", Double, nullable=False),
    Column("checks", Integer, nullable=False),
    Column("before", Integer, nullable=False),
    Column("replicas", Integer, nullable=False),
    Column("mode", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("shape", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("flow_run_id", String),
    Index("ix_decisions_service", "stack", "service", "id"),
)

remembered = Table(
    "remembered",
    metadata,
    Column("stack", String, primary_key=True),
    Column("service", String, primary_key=True),
    Column("at", Double, nullable=False),
    Column("memory", Text, nullable=False),
    Column("readings", Text, nullable=False),
    Column("decision", _number),
    sqlite_with_rowid=False,
)

checks = Table(
    "checks",
    metadata,
    Column("name", String, primary_key=True),
    Column("at", Double, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("services", Integer, nullable=False),
    Column("message", Text, nullable=False),
)

live_runs = Table(
    "live_runs",
    metadata,
    Column("flow_run", String, primary_key=True),
    Column("owner", JsonColumn, nullable=False),
    Column("since", Double, nullable=False),
    Column("until", Double, nullable=False),
)

spending = Table(
    "spending",
    metadata,
    Column("stack", String, primary_key=True),
    Column("month", String, nullable=False),
    Column("usd", Double, nullable=False),
    Column("at", Double, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String, primary_key=True),
    Column("stack", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("location", String, nullable=False),
    Column("what", Text, nullable=False),
    Column("todo", Text, nullable=False),
    Column("since", Double, nullable=False),
    Column("raised", Double),
    Column("told", Double),
    Column("clear", Double),
    Column("ended", Double),
    Column("closed", Boolean, nullable=False),
    Column("change", JsonColumn(none_as_null=True)),  # the last change of the stack before the fault
    Index("ix_alerts_closed", "closed", "ended"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", String, primary_key=True),
    Column("receiver", String, primary_key=True),  # a mail address, or the name of a secret with an address
    Column("is_secret", Boolean, nullable=False),
    Column("stack", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("made", Double, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due", Double, nullable=False),  # when it is tried next
    Column("delivered", Double),
    Column("error", Text, nullable=False),
    Index("ix_messages_delivered", "delivered", "due"),
)

silences = Table(
    "silences",
    metadata,
    Column("stack", String, primary_key=True),
    Column("since", Double, nullable=False),
    Column("until", Double, nullable=False),
    Column("why", Text, nullable=False),
    Column("who", Text, nullable=False),
)

backup_results = Table(
    "backup_results",
    metadata,
    Column("stack", String, primary_key=True),
    Column("expected", Double, nullable=False),  # since when backups of it are looked for
    Column("good", Double),  # when the newest proven backup began
    Column("failure", Text, nullable=False),  # why the last one does not count
    Column("shrunk", Text, nullable=False),  # what fell by half in the newest proven one
)

looks = Table(
    "looks",
    metadata,
    Column("stack", String, primary_key=True),
    Column("at", Double, nullable=False),
    Column("look", Text, nullable=False),  # what its target told then
    sqlite_with_rowid=False,
)

unready = Table(
    "unready",
    metadata,
    Column("stack", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("incarnation", Integer, primary_key=True, autoincrement=False),
    Column("since", Double, nullable=False),
)
