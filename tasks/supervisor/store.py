"""The supervisor's state file, replaced by rename after every change, so that a reader never sees half of it."""

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from tasks.base.atomic_write import replace_file
from tasks.supervisor.folder import STATE
from tasks.supervisor.identity import Identity
from tasks.supervisor.process import End, Process, State, Status
from tasks.supervisor.serialization import process_from, process_to


@dataclass(slots=True)
class ProcessRecord:
    """One process, its last known state, and the wanted one. `wanted` is written before it is acted upon."""

    process: Process
    wanted: Literal["run", "stop", "remove"] = "run"
    state: State = "starting"
    reason: str = "new"
    since: float = field(default_factory=time.time)
    restarts: int = 0
    failures: int = 0
    """Failed starts in a row."""
    code: int | None = None
    leader: Identity | None = None
    preparing: Identity | None = None
    owner: Identity | None = None
    """The leader's owner; None if it has none, or that was killed."""
    earlier: bool = False
    """Whether an earlier version started it, which knew no owners."""
    successor: Process | None = None
    """What takes its place as soon as it has ended."""
    ends: tuple[End, ...] = ()
    """Its last ends. They are of this supervisor's life, and not written."""
    written: tuple[Process, str] | None = None
    """The process and its JSON: nearly all of what is written, and nearly never another."""

    def status(self) -> Status:
        pid = self.leader.pid if self.leader else None
        return Status(
            self.process, self.state, self.reason, self.since, pid, self.restarts, self.code, self.ends
        )  # fmt: skip


def save(folder: Path, records: list[ProcessRecord], *, forgetting: bool) -> None:
    """`forgetting`: all is to end and be forgotten. OSError if it cannot be written; the last one is whole then."""
    text = f'{{"forgetting":{json.dumps(forgetting)},"processes":[{",".join(_text(record) for record in records)}]}}'
    replace_file(folder / STATE, text.encode())


def load(folder: Path) -> tuple[bool, list[ProcessRecord]]:
    """Whether it was forgetting, and what was kept. Nothing if there is no file, or a machine's crash broke it."""
    path = folder / STATE
    try:
        data = json.loads(path.read_text())
        return data["forgetting"], [_from(data_of_one) for data_of_one in data["processes"]]
    except FileNotFoundError:
        return False, []
    except (ValueError, KeyError, TypeError):
        aside = path.replace(path.with_suffix(".broken"))
        print(f"the state file was broken; it lies in {aside}", flush=True)
        return False, []


def _text(record: ProcessRecord) -> str:
    if record.written is None or record.written[0] is not record.process:
        record.written = (record.process, json.dumps(process_to(record.process)))
    apart = ("process", "successor", "owner", "earlier", "ends", "written")
    plain = {name: getattr(record, name) for name in record.__slots__ if name not in apart}
    # What there is not is left out: an earlier version can then read the file.
    if record.owner:
        plain["owner"] = record.owner
    if record.earlier:
        plain["earlier"] = True
    if record.successor:
        plain["successor"] = process_to(record.successor)
    return f'{{"process":{record.written[1]},{json.dumps(plain, default=asdict)[1:]}'


def _from(data: dict[str, Any]) -> ProcessRecord:
    parsed = {
        "process": process_from(data["process"]),
        "leader": Identity(**data["leader"]) if data["leader"] else None,
        "preparing": Identity(**data["preparing"]) if data["preparing"] else None,
        "earlier": data.get("earlier", "owned" not in data["process"]),
        "owner": Identity(**data["owner"]) if "owner" in data else None,
        "successor": process_from(data["successor"]) if "successor" in data else None,
    }
    return ProcessRecord(**(data | parsed))
