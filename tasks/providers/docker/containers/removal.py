"""Remove a container: rename it, stop it, remove it. A missing container is no error.

The new name marks it as ending: a later run that finds it finishes the removal, and it is no instance any more.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from docker.api.client import APIClient
from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import ConnectionError, ReadTimeout, RequestException

from tasks.providers.docker.engine.errors import engine_message

JOB_STOP_SECONDS = 10
"""How long a job may take to end when it is asked to."""
FAILED_STOP_SECONDS = 5
"""How long a container that does not answer may take: a database that hangs would else hold up all for a minute."""
_ENDING_MARK = ".ending."


def end(api: APIClient, container: Mapping[str, Any], kind: str) -> None:
    """Stop and remove an inspected container; returns when it is gone. A killed call is finished by the next sweep."""
    name, identity = container["Name"].lstrip("/"), container["Id"]
    if not is_ending(name):
        # The rename may fail: a container that others are removing takes no new name.
        with suppress(APIError):
            api.rename(identity, f"{name}{_ENDING_MARK}{identity[:12]}")
    stop(api, identity, kind)
    remove(api, identity)


def is_ending(name: str) -> bool:
    """Whether a container of this name has begun to end for good."""
    return _ENDING_MARK in name


def stop(api: APIClient, identity: str, kind: str, *, failed: bool = False) -> None:
    """Stop it; returns when it has stopped. One that has `failed` may not obey: it gets little time."""
    if failed:
        wake(api, identity)
        ignore_missing(lambda: api.stop(identity, timeout=FAILED_STOP_SECONDS))
        return
    if kind == "job":
        _ask_job(api, identity)
    ignore_missing(lambda: api.stop(identity))


def wake(api: APIClient, identity: str) -> None:
    """Let what is paused or stopped (SIGSTOP) go on, so that it can obey; what runs is not disturbed."""
    with suppress(DockerException, RequestException):  # it does not run, or is gone: whoever stops it sees that
        if api.inspect_container(identity)["State"]["Paused"]:
            api.unpause(identity)
        api.kill(identity, "SIGCONT")


def remove(api: APIClient, identity: str) -> None:
    """Remove it; returns when it is gone, whoever removes it."""
    try:
        api.remove_container(identity, v=True, force=True)
    except NotFound:
        return
    except APIError as error:
        if "is already in progress" not in engine_message(error):
            raise
        ignore_missing(lambda: api.wait(identity, condition="removed"))


def ignore_missing(remove_it: Callable[[], object]) -> None:
    """Run the action; a missing container or volume is no error."""
    with suppress(NotFound):
        remove_it()


def _ask_job(api: APIClient, identity: str) -> None:
    """Ask it to end, and give it some time: the engine itself would only kill it."""
    try:
        api.kill(identity, "SIGTERM")
        api.wait(identity, timeout=JOB_STOP_SECONDS)
    except APIError:
        return  # it has ended already, or is gone
    except (ReadTimeout, ConnectionError):
        return  # it takes longer than it may
