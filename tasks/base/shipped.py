"""Files that come with the program and are no code: examples, the schema, the locked versions."""

from pathlib import Path

_TOP = Path(__file__).parents[2]
_IN_A_WHEEL = _TOP / "tenfold_files"


def shipped(path: str) -> Path:
    """A file or folder by its path from the top of the repository. A wheel has the same tree below `tenfold_files`."""
    return (_IN_A_WHEEL if _IN_A_WHEEL.is_dir() else _TOP) / path
