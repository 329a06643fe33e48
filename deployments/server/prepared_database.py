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
