"""When a stack is backed up."""

import zlib

from infra_specs.errors import PlanError
from infra_specs.stackfile.models.backup import Backup
from infra_specs.stackfile.models.stack import Stack

TARGETS = ("local", "docker", "swarm", "memory")
"""The targets whose stacks can be backed up in this version."""
FILE_TARGETS = ("local",)
"""Those of them where the volumes of services are backed up, too."""

_HOURS_LATER = 6
HOUR = 3
"""The hour of the night at which stacks are backed up unless they say another time."""


def time_of_day(stack: str, backup: Backup) -> tuple[int, int]:
    """Hour and minute: the given ones, or 03:00 and some minutes that follow from the stack's name.

    Stacks that say no time do not all begin at once.
    """
    if backup.at is None:
        return HOUR, zlib.crc32(stack.encode()) % 60
    hour, minute = backup.at.split(":")
    return int(hour), int(minute)


def cron(stack: str, backup: Backup) -> str:
    """The same as a line of cron, for every day."""
    hour, minute = time_of_day(stack, backup)
    return f"{minute} {hour} * * *"


def proof_cron(stack: str, backup: Backup) -> str:
    """When the newest backup is proven again from its store: once a week, six hours after it is made, on a day that
    follows from the stack's name."""
    hour, minute = time_of_day(stack, backup)
    return f"{minute} {(hour + _HOURS_LATER) % 24} * * {zlib.crc32(stack.encode()) % 7}"


def is_backed_up(stack: Stack) -> bool:
    """Whether the stack has data that is backed up every night."""
    target = stack.target.provider
    has_files = target in FILE_TARGETS and any(service.volumes for service in stack.services.values())
    return target in TARGETS and (stack.needs.database is not None or has_files)


def not_backed_up(stack: Stack) -> tuple[str, ...]:
    """What of the stack holds data and is in no backup of this version. On other targets than these it is not known."""
    target = stack.target.provider
    if target not in TARGETS:
        return ()
    volumes = [f"{name}.{volume}" for name, service in stack.services.items() for volume in service.volumes]
    files = [f"the volume {volume}" for volume in volumes if target not in FILE_TARGETS]
    return (*files, *(["the queue"] if stack.needs.queue is not None else []))


def backup_notes(stack: Stack) -> tuple[str, ...]:
    """A sentence if the file says how the stack is backed up, and this version does not back it up."""
    if stack.backup == Backup() or is_backed_up(stack):
        return ()
    if stack.target.provider not in TARGETS:
        return (f"backup does nothing: backups on the {stack.target.provider} target are not in this version",)
    return (f"backup does nothing: {stack.name} has no data that this version backs up on this target",)


def refuse_target(stack: Stack) -> None:
    """Raise PlanError for a stack on a target whose stacks cannot be backed up in this version."""
    if stack.target.provider not in TARGETS:
        raise PlanError(f"Backups on the {stack.target.provider} target are not in this version.")
