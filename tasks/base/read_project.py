"""Reads a person's project, so that `infra_specs.projects` can say what it is."""

import os
from collections.abc import Iterator
from pathlib import Path

from infra_specs.projects.folder import VENVS, Folder

MOST_FILES, MOST_BYTES, DEEPEST = 2_000, 200_000, 4
"""Beyond these nothing is read: a framework shows itself near the top."""
LEFT_OUT = {"node_modules", "__pycache__", "vendor", "target", "site-packages", *VENVS}
TEXTS = (".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".toml", ".txt", ".in", ".json", ".yaml", ".yml", ".cfg", ".html")
NAMED = {"Procfile", "Dockerfile", "Gemfile", "Pipfile", ".env.example", ".env.sample"}


def read_project(top: Path) -> Folder:
    """The folder's paths and texts. What cannot be read, or is no UTF-8, has a path and no text. Of hidden folders
    nothing is read."""
    paths, texts = set[str](), dict[str, str]()
    for path in _files(top):
        name = str(path.relative_to(top))
        paths.add(name)
        if (path.name in NAMED or path.suffix in TEXTS) and (text := _text(path)) is not None:
            texts[name] = text
    paths |= {f"{venv}/bin/python" for venv in VENVS if (top / venv / "bin" / "python").exists()}
    paths |= {name for name in ("node_modules",) if (top / name).is_dir()}
    return Folder(top.name, frozenset(paths), texts)


def _files(top: Path) -> Iterator[Path]:
    number = 0
    for folder, folders, names in os.walk(top):
        depth = len(Path(folder).relative_to(top).parts)
        folders[:] = sorted(
            name for name in folders if depth + 1 < DEEPEST and name not in LEFT_OUT and not name.startswith(".")
        )
        for name in sorted(names):
            number += 1
            if number > MOST_FILES:
                return
            yield Path(folder) / name


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8") if path.is_file() and path.stat().st_size <= MOST_BYTES else None
    except (OSError, UnicodeDecodeError):
        return None
