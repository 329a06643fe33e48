"""How processes and statuses are written as JSON, on the socket and in the state file alike."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from tasks.supervisor.process import End, Probe, Process, Status


def process_to(process: Process) -> dict[str, Any]:
    return _plain(process) | {
        "env": dict(process.env),
        "labels": dict(process.labels),
        "probe": _plain(process.probe) if process.probe else None,
    }


def process_from(data: Mapping[str, Any]) -> Process:
    """Keys that are not known are ignored: another version may have written it."""
    known = _known(Process, data)
    return Process(
        **{
            **known,
            **{name: tuple(known.get(name, ())) for name in ("argv", "reads", "writes", "hides")},
            "prepare": tuple(tuple(command) for command in known.get("prepare", ())),
            "needs": tuple(known.get("needs", ())),
            "probe": _probe_from(known["probe"], known.get("labels", {})) if known.get("probe") else None,
        }
    )


def _probe_from(data: Mapping[str, Any], labels: Mapping[str, Any]) -> Probe:
    """An earlier version's probe by command named no port. Its labels do, and what waits for that port must know."""
    known = _known(Probe, data)
    if known["kind"] == "command" and "port" in labels.get("outputs", {}) and not known.get("port"):
        known["port"] = int(labels["outputs"]["port"])
    return Probe(**{**known, "command": tuple(known.get("command", ()))})


def status_to(status: Status) -> dict[str, Any]:
    return _plain(status) | {"process": process_to(status.process), "ends": [_plain(end) for end in status.ends]}


def status_from(data: Mapping[str, Any]) -> Status:
    ends = tuple(End(**_known(End, end)) for end in data.get("ends", ()))
    return Status(**{**_known(Status, data), "process": process_from(data["process"]), "ends": ends})


def _plain(value: Process | Probe | Status | End) -> dict[str, Any]:
    """Without dataclasses.asdict, which copies deeply: ten times slower, and not every mapping allows it."""
    return {name: getattr(value, name) for name in value.__slots__}


def _known(cls: type[Any], data: Mapping[str, Any]) -> dict[str, Any]:
    names = {item.name for item in fields(cls)}
    return {key: value for key, value in data.items() if key in names}
