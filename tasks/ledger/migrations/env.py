"""Run by alembic: migrates on the connection that it is given, within the transaction that is open there."""

from alembic import context

from tasks.ledger.migrate import VERSION_TABLE
from tasks.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
context.run_migrations()
