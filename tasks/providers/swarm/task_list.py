"""What the tasks of a service of one task say: which one is current, and how the earlier ones ended."""

from collections.abc import Mapping, Sequence
from typing import Any

from infra_specs.resources.instance import Health
from tasks.base.clock import now
from tasks.providers.docker.engine.client import epoch
from tasks.providers.swarm.managers import ApiObject, Member
from tasks.providers.swarm.network import network_name
from tasks.providers.swarm.service_spec import node_of

CRASH_THRESHOLD = 4
"""Tasks in a row that ended soon. The Swarm remembers five."""
SHORT_RUN_SECONDS = 10.0
_CANNOT_START = (126, 127)
"""Exit codes of what cannot be run, or is not there."""
_ENDED = ("complete", "failed", "rejected")
_ACTIVE = ("new", "allocated", "pending", "assigned", "accepted", "preparing", "ready", "starting", "running")


def current_task(tasks: Sequence[ApiObject]) -> ApiObject | None:
    """The task that runs or shall run, of the tasks of a service, the oldest first."""
    wanted = [task for task in tasks if task.get("DesiredState") in ("running", "ready")]
    return wanted[-1] if wanted else None


def running_tasks(tasks: Sequence[ApiObject]) -> list[ApiObject]:
    """Those that have not ended, whatever is wanted of them."""
    return [task for task in tasks if _state(task) in _ACTIVE and task.get("NodeID")]


def last_container(tasks: Sequence[ApiObject]) -> tuple[str, str] | None:
    """Node and container of the newest task that has one."""
    for task in reversed(tasks):
        if (container := container_of(task)) and task.get("NodeID"):
            return task["NodeID"], container
    return None


def container_of(task: ApiObject) -> str:
    """The id of a task's container; empty while it has none."""
    return str((task["Status"].get("ContainerStatus") or {}).get("ContainerID") or "")


def address_of(task: ApiObject, stack: str) -> str:
    """The address of a task in its stack's network; empty while it has none."""
    for attachment in task.get("NetworksAttachments") or ():
        if attachment["Network"]["Spec"]["Name"] == network_name(stack) and attachment.get("Addresses"):
            return str(attachment["Addresses"][0]).partition("/")[0]
    return ""


def crashes(tasks: Sequence[ApiObject]) -> int:
    """How many tasks ended by themselves, as far as the Swarm remembers."""
    return sum(_state(task) in _ENDED for task in tasks)


def crash_fault(tasks: Sequence[ApiObject]) -> str:
    """Why a service fails again and again; empty if it does not, or not often enough yet."""
    current, ended = current_task(tasks), [task for task in tasks if _state(task) in _ENDED]
    if current is not None and _state(current) == "running" and _age(current) > SHORT_RUN_SECONDS:
        return ""
    brief = [task for task in ended[-CRASH_THRESHOLD:] if _ran(task) < SHORT_RUN_SECONDS]
    if ended and (not _has_begun(ended[-1]) or _exit_code(ended[-1]) in _CANNOT_START):
        return exit_reason(ended[-1])
    if len(brief) < CRASH_THRESHOLD:
        return ""
    return f"{exit_reason(ended[-1])}, {len(ended)} times"


def exit_reason(task: ApiObject) -> str:
    """How a task ended."""
    status = task["Status"]
    if not _has_begun(task):
        return f"cannot be started: {_plain(str(status.get('Err') or status.get('Message') or 'unknown'))}"
    code = _exit_code(task)
    words = " ".join([*(_container_spec(task).get("Command") or ()), *(_container_spec(task).get("Args") or ())])
    if code in _CANNOT_START:
        what = "a program that may not be run" if code == _CANNOT_START[0] else "a program that is not there"
        return f"exited with {code}: {what}: {words}"
    return f"exited with {code}" if code is not None else _plain(str(status.get("Err") or status.get("Message")))


def waiting_health(spec: Mapping[str, Any], task: ApiObject | None, members: Mapping[str, Member]) -> Health:
    """The health of a service whose task does not run. `members` are the hosts by the ids of their nodes."""
    since = epoch(task["Status"]["Timestamp"]) if task else now()
    node = node_of(spec)
    if node is not None and not ((member := members.get(node)) and member.is_ready):
        host = member.host if member else "a host that has left the fleet"
        return Health("failed", f"it is bound to {host}, which is not ready", since)
    if task is None:
        return Health("starting", "waits for a task", since)
    told = _plain(str(task["Status"].get("Err") or task["Status"].get("Message") or ""))
    return Health("starting", f"{_state(task)}{f': {told}' if told else ''}", since)


def started(task: ApiObject) -> float:
    """Since when a task is in its state, in seconds since the epoch."""
    return epoch(task["Status"]["Timestamp"])


def is_running(task: ApiObject) -> bool:
    """Whether its container runs, as its host told."""
    return _state(task) == "running"


def _state(task: ApiObject) -> str:
    return str(task["Status"]["State"])


def _age(task: ApiObject) -> float:
    return now() - started(task)


def _ran(task: ApiObject) -> float:
    """At most so long: from its making to its end."""
    return started(task) - epoch(task["CreatedAt"])


def _has_begun(task: ApiObject) -> bool:
    """Whether its program ran: a rejected task has no container, and one that could not be started no pid."""
    status = task["Status"].get("ContainerStatus") or {}
    return _state(task) != "rejected" and not (
        "starting container failed" in str(task["Status"].get("Err")) or not status.get("ContainerID")
    )


def _exit_code(task: ApiObject) -> int | None:
    status = task["Status"].get("ContainerStatus")
    return int(status.get("ExitCode", 0)) if status else None


def _container_spec(task: ApiObject) -> Mapping[str, Any]:
    spec: Mapping[str, Any] = task["Spec"].get("ContainerSpec") or {}
    return spec


def _plain(text: str) -> str:
    """An engine's own words, without through which of its parts it went wrong."""
    return text.rpartition("OCI runtime create failed: ")[2].removeprefix("starting container failed: ").strip('"')
