"""How a container comes to its end: asked first, removed then, gone already as good."""

from collections.abc import Callable
from contextlib import suppress

from docker.api.client import APIClient
from docker.errors import APIError, NotFound
from requests.exceptions import ConnectionError, ReadTimeout

from tasks.providers.docker.engine import said

job_seconds = 10
"""How long a job may take to end when it is asked to."""


def stop(api: APIClient, identity: str, kind: str) -> None:
    """Have it end; returns when it has."""
    if kind == "job":
        _ask_job(api, identity)
    gone(lambda: api.stop(identity))


def remove(api: APIClient, identity: str) -> None:
    """Remove it; returns when it is gone, whoever removes it."""
    try:
        api.remove_container(identity, v=True, force=True)
    except NotFound:
        return
    except APIError as error:
        if "is already in progress" not in said(error):
            raise
        gone(lambda: api.wait(identity, condition="removed"))


def gone(make_gone: Callable[[], object]) -> None:
    """Gone already is as good."""
    with suppress(NotFound):
        make_gone()


def _ask_job(api: APIClient, identity: str) -> None:
    """Ask it to end, and give it some time: the engine itself would only kill it."""
    try:
        api.kill(identity, "SIGTERM")
        api.wait(identity, timeout=job_seconds)
    except APIError:
        return  # it has ended already, or is gone
    except (ReadTimeout, ConnectionError):
        return  # it takes longer than it may
