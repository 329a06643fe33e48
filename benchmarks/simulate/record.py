"""What the ledger holds of the stack, before and after a command, and which difference the command may make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.simulate.events import STACK, Command
from infra_specs.desired import StackSnapshot
from infra_specs.errors import UnknownStack
from infra_specs.releases.manifest import ReleaseManifest
from infra_specs.stackfile.reading.load import from_data
from tasks.ledger import Ledger
from tasks.stack.record import recorded_snapshot

End = Literal["completed", "refused", "failed", "fenced", "killed"]
"""`refused`: nothing may have been done. `failed`, `fenced` and `killed`: any part may have been done."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What must not be forgotten. `spec` is None for a stack that the ledger does not know."""

    spec: Any = None
    active: bool = False
    overrides: Any = None
    content: ReleaseManifest | None = None


def snapshot_in(ledger: Ledger) -> StackSnapshot | None:
    """The snapshot of the simulated stack; None if the ledger does not know it."""
    try:
        return recorded_snapshot(ledger, STACK)
    except UnknownStack:
        return None


def kept_in(ledger: Ledger) -> Kept:
    snapshot = snapshot_in(ledger)
    if snapshot is None:
        return Kept()
    current = snapshot.current
    spec = snapshot.stack.model_dump(mode="json", by_alias=True)
    return Kept(spec, snapshot.is_active, dict(snapshot.overrides), current.content if current else None)


def wrong_differences(before: Kept, after: Kept, commands: Sequence[tuple[Command, End]]) -> list[str]:
    """What these commands, run in any order, cannot have made of the record."""
    acting = [(command, end) for command, end in commands if end != "refused"]
    wrong = []
    for name in ("spec", "active", "overrides", "content"):
        changes = [(end, change) for command, end in acting for change in [_change(command, name, before)] if change]
        sure = len(changes) == 1 and changes[0][0] == "completed"
        values = [] if sure else [getattr(before, name)]
        if any(change is _ANYTHING for _, change in changes):
            continue
        values += [value for _, change in changes for value in change]
        if name == "overrides" and _new_after_forgotten(acting):
            values.append({})
        if getattr(after, name) not in values:
            wrong.append(f"the ledger's {name} is {getattr(after, name)}, and may be {values}")
    return [*wrong, *_missing(after, acting)]


def _new_after_forgotten(acting: Sequence[tuple[Command, End]]) -> bool:
    """Whether one of the commands may forget the stack and another then begin it anew, without a count of its own."""
    verbs = {command.verb for command, _ in acting}
    return "provision" in verbs and any(command.parameters.get("delete_data") for command, _ in acting)


_ANYTHING: tuple[Any, ...] = ("anything",)


def _change(command: Command, name: str, before: Kept) -> tuple[Any, ...]:
    """The values that the command may give to this part of the record; empty if it leaves it alone."""
    given = command.parameters
    if command.verb == "teardown" and given["delete_data"]:
        return {"spec": (None, before.spec), "active": (False,), "overrides": (None, before.overrides)}.get(
            name, _ANYTHING
        )
    changes: Mapping[tuple[str, str], tuple[Any, ...]] = {
        ("teardown", "active"): (False,),
        ("provision", "active"): (True,),
        ("provision", "spec"): (_dumped(given),) if command.verb == "provision" else (),
        ("provision", "overrides"): (before.overrides or {},),
        ("provision", "content"): _ANYTHING,
        ("deploy", "content"): _ANYTHING,
        ("rollback", "content"): _ANYTHING,
        ("scale", "overrides"): ({**(before.overrides or {}), given.get("service"): given.get("replicas")},),
    }
    return changes.get((command.verb, name), ())


def _missing(after: Kept, acting: Sequence[tuple[Command, End]]) -> list[str]:
    """What a completed deploy did and is not there, if no other run can have changed it."""
    if len(acting) != 1 or acting[0][1] != "completed" or acting[0][0].verb != "deploy" or after.content is None:
        return []
    given, web = acting[0][0].parameters, after.content.services["web"].model_dump(mode="json", by_alias=True)
    wanted = {"env": given["env"]} if "env" in given else {"command": [given["command"]]}
    for key, value in wanted.items():
        if web[key] != value and not (isinstance(value, Mapping) and value.items() <= web[key].items()):
            return [f"deploy completed, and {key} of web is {web[key]} in place of {value}"]
    return []


def _dumped(parameters: Mapping[str, Any]) -> Any:
    return from_data(parameters["spec"], "spec").model_dump(mode="json", by_alias=True)
