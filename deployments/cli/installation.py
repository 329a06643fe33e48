"""The installation that commands read from: its settings, its ledger, the targets of its stacks."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from infra_specs.errors import PlanError, SpecError, UnknownStack
from infra_specs.resources.instance import Instance
from infra_specs.stack_fault import StackFault
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Swarm
from infra_specs.stackfile.reading.environments import Environment
from infra_specs.stackfile.reading.load import load
from tasks.base.settings import Settings, settings
from tasks.base.side_by_side import look_at
from tasks.changes.health_reasons import observed
from tasks.ledger import Ledger, Release, Run, StackRecord
from tasks.providers import opened
from tasks.providers.seam.provider import KindProvider
from tasks.stack.fleet import placed
from tasks.stack.record import recorded_spec, unknown_stack


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation with its ledger open."""

    settings: Settings
    ledger: Ledger

    def record(self, name: str) -> StackRecord:
        """The stack of this name. Raises UnknownStack."""
        record = self.ledger.stacks.find(name)
        if record is None:
            raise unknown_stack(self.ledger, name)
        return record

    def stacks(self, name: str) -> tuple[StackRecord, ...]:
        """The stack of this name; every stack if the name is empty. Raises UnknownStack."""
        return (self.record(name),) if name else self.ledger.stacks.all()

    def releases(self, stack: str) -> tuple[Release, ...]:
        """The releases of a stack, the newest first. Raises UnknownStack."""
        return self.ledger.releases.all(self.record(stack).name)

    def history(self, stack: str, number: int) -> tuple[tuple[Run, ...], tuple[StackFault, ...]]:
        """The newest runs of a stack, or of every stack if the name is empty, and the stacks that cannot be read."""
        names = [stack] if stack else [record.name for record in self.ledger.stacks.all()]
        by_stack, faults = look_at({name: partial(self.ledger.runs.history, name, number) for name in names})
        runs = (run for stack_runs in by_stack.values() for run in stack_runs)
        return tuple(sorted(runs, key=lambda run: int(run.id), reverse=True))[:number], faults

    def target(self, stack: Stack) -> AbstractContextManager[KindProvider]:
        """Open the target of a stack until the block ends."""
        return opened(placed(self.ledger, stack).target, self.settings.home)

    def observed(self, stack: Stack) -> tuple[Instance, ...]:
        """All instances of a stack on its target."""
        with self.target(stack) as provider:
            return observed(provider, self.ledger, stack.name)


@contextmanager
def open_installation() -> Iterator[Installation]:
    """Open this installation and its ledger until the block ends."""
    config = settings()
    with Ledger.open(config) as ledger:
        yield Installation(config, ledger)


@dataclass(frozen=True, slots=True)
class StackArgument:
    """The stack that a FILE or a STACK on the command line names."""

    stack: Stack
    source: str
    """The folder that relative paths of the spec start at."""
    parameters: dict[str, Any]
    """The parameters of the flow `provision` that name the same stack."""


def resolve_stack(ledger: Ledger, text: str, env: str = "") -> StackArgument:
    """Read a spec file, in the environment `env` if it is given, or look a stack up in the ledger.

    Raises SpecError for a file that is missing or has faults, UnknownStack for an unknown stack, and PlanError for an
    environment whose name another stack has.
    """
    path = Path(text)
    if path.is_file():
        argument = from_file(path, env)
        if env:
            _refuse_other_stack(ledger, argument)
        return argument
    if env and os.sep not in text and not path.suffix:
        text = f"{text}-{env}"
    if os.sep in text or path.suffix in (".yaml", ".yml", ".json"):
        raise SpecError(f"There is no file {text}." if not path.exists() else f"{text} is a folder, not a file.")
    try:
        stack, source = recorded_spec(ledger, text)
    except UnknownStack as error:
        raise UnknownStack(f"There is no file {text} here. {error}") from None
    return StackArgument(stack, source, {"stack": text})


def from_file(path: Path, env: str = "") -> StackArgument:
    """The stack of a spec file, in the environment `env` if it is given. Raises SpecError with every fault in it."""
    environment = environment_of(path, env) if env else None
    stack, source = load(_text_of(path), str(path), environment), str(path.absolute().parent)
    # Without defaults: it is short in the UI, and the same stack when it is read again.
    spec = stack.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return StackArgument(stack, source, {"spec": spec, "source": source})


def environment_of(path: Path, env: str) -> Environment:
    """The environment of a spec file: `stack.staging.yaml` beside `stack.yaml` describes it, if it is there."""
    beside = path.with_name(f"{path.stem}.{env}{path.suffix}")
    return Environment(env, str(beside), _text_of(beside)) if beside.is_file() else Environment(env)


def _refuse_other_stack(ledger: Ledger, argument: StackArgument) -> None:
    """Raise PlanError if a stack of this name is there that came from another folder: it is no environment of this."""
    name, record = argument.stack.name, ledger.stacks.find(argument.stack.name)
    if record is not None and record.source != argument.source:
        raise PlanError(
            f"A stack is called {name} already, from {record.source}. Give the environment another name, or bring that "
            f"stack here: {tenfold()} pull {name}"
        )


def fleet_of(path: Path) -> Swarm:
    """The target of a spec file that lists hosts. Raises SpecError with every fault in it, or if it lists none."""
    target = load(_text_of(path), str(path)).target
    if not isinstance(target, Swarm):
        raise SpecError(f"{path}: its target is {target.provider}, which has no hosts. Hosts are those of swarm.")
    if target.hosts is None:
        raise SpecError(f"{path}: its hosts are listed in the file of the stack {target.fleet}. Give that file.")
    return target


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SpecError(f"{path} cannot be read: {why}.") from error


def tenfold() -> str:
    """The command that calls this program again: `tenfold` if a shell finds it by that name, else its path."""
    program = Path(sys.argv[0]).absolute()
    on_path = shutil.which("tenfold")
    if program.name != "tenfold" or (on_path and Path(on_path).resolve() == program.resolve()):
        return "tenfold"
    return shlex.quote(str(program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program))
