"""The installation that commands read from: its settings, its ledger, the targets of its stacks."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra_specs.errors import SpecError, UnknownStack
from infra_specs.resources.instance import Instance
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import load
from tasks.base.settings import Settings, settings
from tasks.changes.health_reasons import observed
from tasks.ledger import Ledger, StackRecord
from tasks.providers import opened
from tasks.providers.seam.provider import KindProvider
from tasks.stack.record import recorded_spec, unknown_stack


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation, its ledger open."""

    settings: Settings
    ledger: Ledger

    def stacks(self, name: str) -> tuple[StackRecord, ...]:
        """The stack of this name, every stack without one. Raises UnknownStack."""
        known = self.ledger.stacks()
        found = tuple(stack for stack in known if name in ("", stack.name))
        if name and not found:
            raise unknown_stack(self.ledger, name)
        return found

    def target(self, stack: Stack) -> AbstractContextManager[KindProvider]:
        """The target of a stack, open for the length of the block."""
        return opened(stack.target, self.settings.home)

    def observed(self, stack: Stack) -> tuple[Instance, ...]:
        """Everything of a stack on its target."""
        with self.target(stack) as provider:
            return observed(provider, self.ledger, stack.name)


@contextmanager
def open_installation() -> Iterator[Installation]:
    """Open this installation, with its ledger, for the length of the block."""
    found = settings()
    with Ledger.open(found) as ledger:
        yield Installation(found, ledger)


@dataclass(frozen=True, slots=True)
class StackArgument:
    """The stack that a FILE or a STACK on the command line stands for."""

    stack: Stack
    source: str
    """The folder that relative paths of the spec start at."""
    parameters: dict[str, Any]
    """The same for the provision flow."""


def resolve_stack(ledger: Ledger, what: str) -> StackArgument:
    """Read a spec file, or look a known stack up in the ledger.

    Raises SpecError for a file with faults or one that is not there, UnknownStack for an unknown stack.
    """
    path = Path(what)
    if path.is_file():
        return from_file(path)
    if os.sep in what or path.suffix in (".yaml", ".yml", ".json"):
        raise SpecError(f"There is no file {what}." if not path.exists() else f"{what} is a folder, not a file.")
    try:
        stack, source = recorded_spec(ledger, what)
    except UnknownStack as error:
        raise UnknownStack(f"There is no file {what} here. {error}") from None
    return StackArgument(stack, source, {"stack": what})


def from_file(path: Path) -> StackArgument:
    """The stack of a spec file. Raises SpecError with every fault in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SpecError(f"{path} cannot be read: {why}.") from error
    stack, source = load(text, str(path)), str(path.absolute().parent)
    # What the file says and no default: short to look at in the UI, and the same stack when it is read again.
    spec = stack.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return StackArgument(stack, source, {"spec": spec, "source": source})


def tenfold() -> str:
    """How this program can be called again: `tenfold` if that is what a shell finds, else its path."""
    program = Path(sys.argv[0]).absolute()
    on_path = shutil.which("tenfold")
    if program.name != "tenfold" or (on_path and Path(on_path).resolve() == program.resolve()):
        return "tenfold"
    return shlex.quote(str(program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program))
