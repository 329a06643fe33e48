"""The command `tenfold`. A user's own `tasks.py` or `flows/`, on PYTHONPATH say, hides no package of ours."""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

FLOORS = ("deployments", "flows", "infra_specs", "tasks")
FOLDER = str(Path(__file__).parent)


class OwnFloors:
    """Finds our top-level packages beside this file, and leaves every other module to those that come after."""

    @staticmethod
    def find_spec(
        name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The package of this name, if it is ours."""
        return PathFinder.find_spec(name, [FOLDER]) if name in FLOORS else None


def main() -> None:
    """Run the command that was typed."""
    sys.meta_path.insert(0, OwnFloors)
    from deployments.cli import main as run  # noqa: PLC0415 - found by the line above

    run()
