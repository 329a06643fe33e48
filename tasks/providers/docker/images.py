"""Images: what is not in the engine is pulled, with the login of the user's own docker configuration."""

import threading
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath

from docker.api.client import APIClient
from docker.errors import APIError, ImageNotFound

from infra_specs.errors import ProviderError
from tasks.providers.docker.engine import said

_inits = frozenset({"init", "tini", "tini-static", "dumb-init", "catatonit", "my_init", "s6-svscan", "systemd"})
"""Programs that are made to be the first process, some of which refuse to be another."""


class Images:
    """The engine's images; several that want the same one wait for one pull."""

    def __init__(self, api: APIClient) -> None:
        self._api = api
        self._here: dict[str, tuple[str, ...]] = {}
        self._guard = threading.Lock()
        self._pulls: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def need(self, name: str) -> tuple[str, ...]:
        """The image is in the engine when this returns; comes with the words that it starts by itself.

        ProviderError that names it and says what to do if it cannot be had.
        """
        with self._guard:
            pull = self._pulls[name]
        with pull:
            if name not in self._here:
                try:
                    self._here[name] = self._words(name)
                except ImageNotFound:
                    self._pull(name)
                    self._here[name] = self._words(name)
            return self._here[name]

    def forget(self, name: str) -> None:
        """It was removed behind our back: look again the next time."""
        self._here.pop(name, None)

    def _words(self, name: str) -> tuple[str, ...]:
        found = self._api.inspect_image(name)["Config"]  # type: ignore[no-untyped-call]
        return (*(found.get("Entrypoint") or ()), *(found.get("Cmd") or ()))

    def _pull(self, name: str) -> None:
        try:
            for line in self._api.pull(name, stream=True, decode=True):
                if "error" in line:
                    raise _missing(name, str(line["error"]))
        except APIError as error:
            raise _missing(name, said(error)) from error


def brings_init(words: Iterable[str]) -> bool:
    """Whether a command starts with a first process of its own, or a script of the image's that comes to one."""
    return any(PurePosixPath(word).name in _inits for word in words)


def _missing(name: str, why: str) -> ProviderError:
    registry = name.partition("/")[0] if "." in name.partition("/")[0] or ":" in name.partition("/")[0] else ""
    return ProviderError(
        f"the image {name} is not in the Docker Engine and could not be pulled: {why}.\n"
        f"If the name is wrong, correct it. If it needs a login: docker login{f' {registry}' if registry else ''}. "
        f"If this engine cannot reach it: put it there with docker load, or name another under the target's `images` "
        f"({{{name.partition('@')[0]}: OTHER}}) or `mirror`."
    )
