"""An empty Prefect database that was made beforehand, with the types of Prefect's blocks in it.

Without it a first start spends most of its time on the revisions that Prefect's database went through in its life.
`python -m deployments.server.write_prepared_database` makes the file anew for another version of Prefect.
"""

import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path

FILE = Path(__file__).with_name("prepared_database.sql")
HEAD = "-- Prefect "
"""What the file begins with; the version follows."""
log = logging.getLogger(__name__)


def prepare(folder: Path, version: str) -> bool:
    """Put the empty database into Prefect's home, for its owner alone. It is there whole, or not at all.

    False where it is left to Prefect of this version: it has a database, the file is another version's, or it cannot
    be put there, for example for want of hard links.
    """
    try:
        return _prepared(folder / "prefect.db", version)
    except (OSError, sqlite3.Error) as error:
        log.warning("Prefect makes its database itself, which takes longer: none could be prepared (%s).", error)
        return False


def is_as_prepared(folder: Path, version: str) -> bool:
    """Whether the database in Prefect's home has the tables and the types of blocks of Prefect of this version.

    Then a server of it need not look through all revisions, nor register the types, at each of its starts.
    """
    text, path = FILE.read_text(encoding="utf-8"), folder / "prefect.db"
    if not path.exists() or not text.startswith(f"{HEAD}{version}\n"):
        return False
    try:
        with closing(sqlite3.connect(":memory:")) as prepared, closing(sqlite3.connect(path)) as database:
            prepared.executescript(text)
            return _revision(database) == _revision(prepared) and _blocks(database) >= _blocks(prepared)
    except sqlite3.Error:
        return False  # Prefect finds out, and says so


def _revision(database: sqlite3.Connection) -> object:
    return database.execute("SELECT version_num FROM alembic_version").fetchall()


def _blocks(database: sqlite3.Connection) -> set[tuple[object, ...]]:
    """Each type of a block, with the checksum of each of its schemas."""
    schemas = "SELECT slug, checksum FROM block_type JOIN block_schema ON block_type.id = block_schema.block_type_id"
    return set(database.execute(schemas))


def _prepared(target: Path, version: str) -> bool:
    text = FILE.read_text(encoding="utf-8")
    if target.exists() or not text.startswith(f"{HEAD}{version}\n"):
        return False
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = target.parent / f"prepared-{os.getpid()}.db"
    made.unlink(missing_ok=True)
    made.touch(mode=0o600)
    try:
        with closing(sqlite3.connect(made)) as connection:
            connection.executescript(text)
        os.link(made, target)
    except FileExistsError:  # another server was quicker
        return False
    finally:
        made.unlink(missing_ok=True)
    return True
