"""The folders of an installation, known without reading its settings: help and version load nothing heavy."""

import os
from pathlib import Path

USER_HOME = Path("~/.tenfold")
ROOT_HOME = Path("/var/lib/tenfold")
"""Root's stacks run as accounts of their own, which must reach their data; root's own folder is closed to them."""


def usual_home() -> Path:
    """Where an installation keeps its things unless TENFOLD_HOME says otherwise."""
    return ROOT_HOME if os.geteuid() == 0 else USER_HOME


def prefect_home(home: Path) -> Path:
    """Where Prefect keeps its things, for an installation in this folder: nothing of ours is in ~/.prefect."""
    return home / "prefect"


def keep_prefect_below_home() -> None:
    """Tell Prefect, before it is imported, to keep its things in this installation's folder."""
    home = Path(os.environ.get("TENFOLD_HOME") or usual_home()).expanduser()
    os.environ["PREFECT_HOME"] = str(prefect_home(home))
