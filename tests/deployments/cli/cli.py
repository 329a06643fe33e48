"""The command line as a test calls it."""

import json
from dataclasses import dataclass
from typing import Any

from typer import Typer
from typer.testing import CliRunner


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Cli:
    """The command line, called with words."""

    runner: CliRunner
    app: Typer

    def __call__(self, *words: str, typed: str | bytes | None = None) -> CommandResult:
        """Run a command. An exception other than its exit is raised here."""
        result = self.runner.invoke(self.app, list(words), input=typed, catch_exceptions=False)
        return CommandResult(result.exit_code, result.stdout, result.stderr)

    def text(self, *words: str, typed: str | None = None) -> str:
        """The output of a command that must succeed."""
        result = self(*words, typed=typed)
        assert (result.code, result.err) == (0, ""), result
        return result.out

    def json(self, *words: str) -> Any:
        """The document that a command prints with --json."""
        return json.loads(self.text(*words, "--json"))
