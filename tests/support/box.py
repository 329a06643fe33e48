"""A network of one test's own in the Docker Engine, and containers on it by hand, without Tenfold."""

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from docker import DockerClient
from docker.errors import NotFound
from docker.models.containers import Container

from tests.support.engine import fetch, opens

locked: dict[str, Any] = {"cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"], "read_only": True}
"""How a container may nothing: with a user of its own, most images still do their work."""
deadline = 90
"""Seconds that a container may take to become what it shall be, on a busy machine."""


class Box:
    """A network of one test's own, and containers on it that are known by their names."""

    def __init__(self, engine: DockerClient, images: dict[str, str]) -> None:
        self.engine, self._images = engine, images
        self.network = f"tenfold-test-{secrets.token_hex(4)}"
        self._network = engine.networks.create(self.network)
        self._made: list[Container] = []

    def run(self, image: str, name: str, *command: str, **how: Any) -> Container:
        """Start a container; it is reached under `name`."""
        alias = {self.network: self.engine.api.create_endpoint_config(aliases=[name])}
        container = self.engine.containers.create(
            self._images[image], list(command) or None, network=self.network, networking_config=alias, **how
        )
        self._made.append(container)
        container.start()
        return container

    def fetch(self, url: str) -> str | None:
        return fetch(self.engine, self.network, url)

    def opens(self, host: str, port: int) -> bool:
        return opens(self.engine, self.network, host, port)

    def end(self) -> None:
        for container in self._made:
            with suppress(NotFound):
                container.remove(v=True, force=True)
        self._network.remove()


def until(container: Container, done: Callable[[], object]) -> None:
    """Until it is so; fails with the container's log."""
    end = time.monotonic() + deadline
    while not done():
        assert time.monotonic() < end, container.logs().decode()
        time.sleep(0.1)


def ask(container: Container, *command: str) -> tuple[int, str]:
    """A command's exit code within a container, and all that it says."""
    done = container.exec_run(list(command))
    assert isinstance(done.output, bytes)
    return done.exit_code or 0, done.output.decode()


def user_of_first_process(container: Container) -> str:
    _, status = ask(container, "cat", "/proc/1/status")
    return next(line.split()[1] for line in status.splitlines() if line.startswith("Uid:"))
