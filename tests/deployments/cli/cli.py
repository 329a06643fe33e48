"""The command line as a test calls it."""

import json
from dataclasses import dataclass
from typing import Any

from typer import Typer
from typer.testing import CliRunner


@dataclass(frozen=True, slots=True)
class Said:
    """What a command wrote, and its exit code."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Cli:
    runner: CliRunner
    app: Typer

    def __call__(self, *words: str, typed: str | bytes | None = None) -> Said:
        """Run a command; anything but an exit of its own is raised here."""
        result = self.runner.invoke(self.app, list(words), input=typed, catch_exceptions=False)
        return Said(result.exit_code, result.stdout, result.stderr)

    def text(self, *words: str, typed: str | None = None) -> str:
        """What a command that succeeds writes."""
        said = self(*words, typed=typed)
        assert (said.code, said.err) == (0, ""), said
        return said.out

    def json(self, *words: str) -> Any:
        """The one document that a command writes with --json."""
        return json.loads(self.text(*words, "--json"))
