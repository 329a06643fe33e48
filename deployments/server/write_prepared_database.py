"""Write the prepared database of the Prefect that is installed: `python -m deployments.server.write_prepared_database`.

Prefect itself makes the database, in a folder of its own: what it would make at a first start is what is written.
"""
# ruff: noqa: PLC0415 - Prefect reads its settings when it is imported

import asyncio
import os
import sqlite3
import tempfile
from contextlib import closing

from deployments.server.prepared_database import FILE, HEAD


async def made() -> str:
    """An empty database of the Prefect that is installed, as SQL. It belongs to no installation."""
    import prefect
    from prefect.server.database import provide_database_interface
    from prefect.server.models.block_registration import run_block_auto_registration
    from prefect.settings import PREFECT_HOME

    database = provide_database_interface()
    await database.create_db()
    async with await database.session() as session:
        await run_block_auto_registration(session=session)
    with closing(sqlite3.connect(PREFECT_HOME.value() / "prefect.db")) as connection:
        # A key or an id in it would be every installation's.
        assert connection.execute("SELECT count(*) FROM configuration").fetchone() == (0,)
        lines = connection.iterdump()
        return f"{HEAD}{prefect.__version__}\n" + "\n".join(lines) + "\n"


def main() -> None:
    """Write the file."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PREFECT_HOME"] = folder
        os.environ.pop("PREFECT_API_DATABASE_CONNECTION_URL", None)
        FILE.write_text(asyncio.run(made()), encoding="utf-8")


if __name__ == "__main__":
    main()
