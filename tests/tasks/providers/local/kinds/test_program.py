"""The program of a command: what is said of one that its folder has, too."""

from pathlib import Path
from typing import Any

import pytest

from infra_specs.resources.resource import Resource
from tasks.providers.local.kinds.program import fault, hint
from tasks.providers.local.stack_folder import stack_folder_of

pytestmark = pytest.mark.pure


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An app with a virtual environment and packages of Node.js."""
    for name in (".venv/bin/python", ".venv/bin/flask", "node_modules/.bin/vite"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch(0o755)
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    (tmp_path / ".venv" / "bin" / "notes").touch(0o644)
    return tmp_path


def replica(folder: Path, command: str, **env: str) -> Resource:
    settings: dict[str, Any] = {"command": [command, "-m", "app"], "folder": str(folder), "env": env}
    return Resource("shop", "replica/web-0", "replica", settings)


def test_a_program_of_the_folder_that_does_not_run_is_told(folder: Path) -> None:
    assert hint(replica(folder, "python")) == (
        "`python` is not the .venv/bin/python that its folder has: if that is meant, write .venv/bin/python"
    )


@pytest.mark.parametrize(
    ("command", "env"),
    [("sh", {}), (".venv/bin/python", {}), ("notes", {}), ("python", {"PATH": ".venv/bin:/usr/bin"})],
)
def test_nothing_is_told_of_what_was_meant(folder: Path, command: str, env: dict[str, str]) -> None:
    assert hint(replica(folder, command, **env)) == ""


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("flask", "its command flask is not there, but .venv/bin/flask is in its folder: write .venv/bin/flask"),
        ("vite", "its command vite is not there, but node_modules/.bin/vite is in its folder: "
         "write node_modules/.bin/vite"),
        ("cd", "its command cd is for a shell alone: write sh -c '…', or set `folder`"),
        ("source", "its command source is for a shell alone: write sh -c '…'"),
        ("DEBUG=1", "its command DEBUG=1 is for a shell alone: write DEBUG under `env`"),
    ],
)  # fmt: skip
def test_what_cannot_start_says_what_to_write(folder: Path, tmp_path: Path, command: str, sentence: str) -> None:
    assert fault(stack_folder_of(tmp_path / "home", "shop"), replica(folder, command)) == sentence
