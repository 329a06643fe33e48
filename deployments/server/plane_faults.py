"""Why a process of the control plane is not well: how often and how it ended, who is in its way, and what to do."""

from dataclasses import dataclass

from tasks.supervisor.process import End, Status

RECENT_SECONDS = 600.0
"""Ends that are longer ago are history."""
NEEDED_MEGABYTES = 450
"""What the whole control plane takes at most, as `benchmarks.idle` shows it."""
KILLED = 137
"""The exit code after SIGKILL."""
MENDED = "Then run: tenfold server start"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process of the control plane meets on its machine."""

    memory_megabytes: int | None = None
    """What its container or unit may use; None without a limit."""
    lockers: tuple[str, ...] = ()
    """Programs that hold a lock on a database of the control plane, and are no part of it."""


def fault_of(status: Status, log: str, around: Surroundings, moment: float) -> str:
    """What is to be said of one process: a paragraph, or nothing of one that is well. `log`: its last lines."""
    recent = [end for end in status.ends if moment - end.at <= RECENT_SECONDS]
    is_well = status.state == "healthy"
    if is_well and len(recent) < 2:
        return ""
    sentences = [_ended(status, recent, moment)] if recent else [_state(status, moment)]
    if around.lockers and not is_well:
        sentences.append(f"A database of it is locked by {' and '.join(around.lockers)}: end that. {MENDED}")
    elif recent and recent[-1].code == KILLED:
        sentences.append(_memory(around.memory_megabytes))
    elif not is_well:
        sentences += [
            f"The last lines of its log:\n{log.rstrip()}\nMend the cause." if log else "Mend the cause.",
            MENDED,
        ]
    return " ".join(sentences)


def _ended(status: Status, recent: list[End], moment: float) -> str:
    times = "once" if len(recent) == 1 else f"{len(recent)} times"
    last = recent[-1]
    return (
        f"The {status.process.name} ended {times} within {RECENT_SECONDS / 60:.0f} minutes, the last time "
        f"{max(0.0, moment - last.at):.0f} s ago: {last.how.rstrip('.')}."
    )


def _state(status: Status, moment: float) -> str:
    seconds = max(0.0, moment - status.since)
    return f"The {status.process.name} is {status.state} for {seconds:.0f} s: {status.reason.rstrip('.')}."


def _memory(limit: int | None) -> str:
    """What to do about SIGKILL, which is the kernel's way to end what needs more memory than there is."""
    limit_note = f" Its container or unit may use {limit} MB." if limit is not None else ""
    return (
        "SIGKILL ended it, most likely the kernel's for want of memory: `dmesg` says so."
        f"{limit_note} The control plane needs about {NEEDED_MEGABYTES} MB. Give it more. {MENDED}"
    )
