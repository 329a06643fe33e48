"""Names that Python files declare, and names of files and folders, as rooms see them. Left out are local variables
and names of tests, which are sentences.

A test's name belongs to the room that the test mirrors: `tests/tasks/run/test_lock.py` is `tasks/run/lock.py`.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

Kind = Literal["class", "function", "parameter", "attribute", "module-level name", "file", "folder"]
FLOORS = ("infra_specs", "tasks", "flows", "deployments", "tests", "benchmarks", "docs", "examples")


@dataclass(frozen=True)
class Name:
    """One declared name: its text, what it names, the file with the line, and its room as a path."""

    text: str
    kind: Kind
    location: str
    room: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its words in lower case: `_ScalingWish` and `SCALING_WISH` are `scaling`, `wish`."""
        return tuple(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.text).lower().strip("_").split("_"))


def names_in(root: Path) -> Iterator[Name]:
    """All names below `root`, but those of migrations, which stay as they were."""
    for path in sorted(path for floor in FLOORS for path in (root / floor).rglob("*")):
        relative = path.relative_to(root)
        if "__pycache__" in relative.parts or "migrations" in relative.parts:
            continue
        room = str(relative).removeprefix("tests/")
        kind: Kind = "folder" if path.is_dir() else "file"
        yield Name(path.name.split(".")[0].removeprefix("test_"), kind, str(relative), room)
        if path.suffix == ".py":
            for text, declared, line in declarations(ast.parse(path.read_text(encoding="utf-8"))):
                yield Name(text, declared, f"{relative}:{line}", room)


def declarations(tree: ast.AST, scope: Kind = "module-level name") -> Iterator[tuple[str, Kind, int]]:
    """What a tree declares, with the line. `scope` is the kind of a name that is bound directly in this tree."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name, "class", node.lineno
            yield from declarations(node, "attribute")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if not node.name.startswith("test_"):
                yield node.name, "function", node.lineno
            yield from declarations(node, "function")
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            yield from declarations(node, "function")
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname, scope, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, "parameter", node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, "attribute", node.lineno
            yield from declarations(node, scope)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and scope != "function":
            yield node.id, scope, node.lineno
        else:
            yield from declarations(node, scope)
