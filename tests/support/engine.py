"""The Docker Engine that the tests use, and looks from inside its networks.

`python -m tests.support.engine` ends with 0 if it answers, 3 if there is none, 1 if there is one that does not.
"""

import os
import socket
import sys

import docker
from docker.errors import ContainerError, DockerException
from requests.exceptions import RequestException

from tests.support.images import local

UNREACHABLE = 7
"""The exit code of the two programs if there is no answer, or one that is no success."""

GETTING = f"""
import http.client, sys, urllib.request
try:
    with urllib.request.urlopen(sys.argv[1], timeout=float(sys.argv[2])) as answer:
        sys.stdout.buffer.write(answer.read())
except (OSError, http.client.HTTPException):
    sys.exit({UNREACHABLE})
"""
CONNECTING = f"""
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=float(sys.argv[3])).close()
except OSError:
    sys.exit({UNREACHABLE})
"""

USUAL = "/var/run/docker.sock"
PATIENCE = 120
"""Seconds that one answer of the engine may take on a busy machine."""


class NoEngine(Exception):
    """No engine answers, and why. `nothing`: there is none at all, so one may be started."""

    def __init__(self, why: str, nothing: bool = False) -> None:
        super().__init__(why)
        self.nothing = nothing


def address() -> str:
    """Where the engine listens: that of DOCKER_HOST, or this machine's own."""
    return os.environ.get("DOCKER_HOST") or f"unix://{USUAL}"


def connect() -> docker.DockerClient:
    """A client of the engine. NoEngine if it does not answer."""
    if not os.environ.get("DOCKER_HOST"):
        _knock()
    try:
        client = docker.from_env(timeout=PATIENCE)
        client.ping()
    except (DockerException, RequestException) as error:
        raise NoEngine(f"the Docker Engine at {address()} does not answer: {error}") from None
    return client


def fetch(client: docker.DockerClient, network: str, url: str, seconds: float = 5) -> str | None:
    """The body that a GET of `url` gets from inside a network; None for everything but success."""
    return _inside(client, network, GETTING, url, str(seconds))


def opens(client: docker.DockerClient, network: str, host: str, port: int, seconds: float = 2) -> bool:
    """Whether a connection to a port comes about from inside a network."""
    return _inside(client, network, CONNECTING, host, str(port), str(seconds)) is not None


def _inside(client: docker.DockerClient, network: str, program: str, *words: str) -> str | None:
    """What a Python program says in a container of its own on the network; None if it is not answered."""
    command = ["python3", "-c", program, *words]
    try:
        return client.containers.run(local("base"), command, network=network, remove=True).decode()
    except ContainerError as error:
        if error.exit_status != UNREACHABLE:
            raise
        return None


def _knock() -> None:
    with socket.socket(socket.AF_UNIX) as knocking:
        knocking.settimeout(PATIENCE)
        try:
            knocking.connect(USUAL)
        except (FileNotFoundError, ConnectionRefusedError):
            raise NoEngine(
                f"no Docker Engine listens at {USUAL}: start one, or name one in DOCKER_HOST, "
                "or let root run `sh scripts/engine .venv/bin` on Debian, which installs one",
                nothing=True,
            ) from None
        except PermissionError:
            raise NoEngine(
                f"this account may not use the Docker Engine at {USUAL}: add it to the group docker"
            ) from None
        except OSError as error:
            raise NoEngine(f"the Docker Engine at {USUAL} does not answer: {error}") from None


if __name__ == "__main__":
    try:
        connect().close()
    except NoEngine as no:
        print(no)
        sys.exit(3 if no.nothing else 1)
