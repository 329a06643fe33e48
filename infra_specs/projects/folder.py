"""A project's folder as it was read: the names of its files, and the texts of those that say something."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

STACK_FILES = ("stack.yaml", "stack.yml", "stack.json")
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
VENVS = (".venv", "venv", "env")


@dataclass(frozen=True, slots=True)
class Guess:
    """What a project was found to have, and the file that says so."""

    text: str
    file: str

    def __str__(self) -> str:
        return f"{self.text} ({self.file})"


@dataclass(frozen=True)
class Folder:
    """The folder's own name, the paths below it, and texts by path. A file that is too large has a path and no text."""

    name: str
    paths: frozenset[str]
    texts: Mapping[str, str]

    @cached_property
    def venv(self) -> str:
        """The virtual environment in it, such as `.venv`; `.venv` where there is none yet."""
        return next((name for name in VENVS if f"{name}/bin/python" in self.paths), VENVS[0])

    @property
    def has_venv(self) -> bool:
        """Whether a virtual environment is there."""
        return f"{self.venv}/bin/python" in self.paths

    def first(self, *names: str) -> str:
        """The first of these paths that is there; empty if none is."""
        return next((name for name in names if name in self.paths), "")

    def sources(self, *endings: str) -> list[tuple[str, str]]:
        """Paths and texts of files with these endings, those nearest to the top first, tests last."""
        chosen = [(path, text) for path, text in self.texts.items() if path.endswith(endings)]
        return sorted(chosen, key=lambda item: ("test" in item[0], item[0].count("/"), item[0]))
