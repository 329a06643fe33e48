"""Images: what is not in the engine is pulled, with the login of the user's own docker configuration."""

import threading
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath

from docker.api.client import APIClient
from docker.auth import INDEX_NAME, resolve_authconfig, resolve_repository_name
from docker.credentials.errors import StoreError
from docker.errors import APIError, DockerException, ImageNotFound

from infra_specs.errors import ProviderError
from tasks.providers.docker.engine.errors import engine_message

_INITS = frozenset({"init", "tini", "tini-static", "dumb-init", "catatonit", "my_init", "s6-svscan", "systemd"})
"""Programs that are made to be the first process, some of which refuse to be another."""
_REGISTRIES = {"registry-1.docker.io": INDEX_NAME}
"""Hosts whose logins go by another name."""
_REFUSALS = ("unauthorized", "no basic auth credentials", "authentication required", "denied")
"""What registries say to who is not logged in, or not as somebody who may."""


class EngineImages:
    """The engine's images; several that want the same one wait for one pull."""

    def __init__(self, api: APIClient) -> None:
        self._api = api
        self._words_by_name: dict[str, tuple[str, ...]] = {}
        self._guard = threading.Lock()
        self._pulls: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def id_of(self, name: str, *, pull: bool) -> str | None:
        """The id of what has this name now; if nothing has, what is pulled then, or without `pull` None."""
        if pull:
            self.need(name)
        try:
            return str(self._api.inspect_image(name)["Id"])  # type: ignore[no-untyped-call]
        except ImageNotFound:
            if not pull:
                return None
            raise ProviderError(f"the image {name} was removed just now. Run it again.") from None

    def called(self, name: str, id: str) -> str:
        """What the image with this id can be made containers of by: its name while it has it, or else the id.

        Pulled if need be. ProviderError if the name is another image's by now and this one is gone.
        """
        current = self.id_of(name, pull=False)
        if current != id and self.id_of(id, pull=False):
            return id
        if (current or self.id_of(name, pull=True)) == id:
            return name
        raise ProviderError(
            f"the image {name} is another one than this release was made of, which is gone from the Docker Engine "
            f"({id}). Load or pull that one again, or deploy {name} as it is now."
        )

    def need(self, name: str) -> tuple[str, ...]:
        """The image is in the engine when this returns; comes with the words that it starts by itself.

        ProviderError that names it and says what to do if it cannot be had.
        """
        with self._guard:
            pull = self._pulls[name]
        with pull:
            if name not in self._words_by_name:
                try:
                    self._words_by_name[name] = self._words(name)
                except ImageNotFound:
                    self._pull(name)
                    self._words_by_name[name] = self._words(name)
            return self._words_by_name[name]

    def entrypoint(self, name: str) -> tuple[str, ...]:
        """The ENTRYPOINT of an image, empty for none, for one that only starts another program, and for no image."""
        try:
            config = self._api.inspect_image(name)["Config"] or {}  # type: ignore[no-untyped-call]
        except ImageNotFound:
            return ()
        words = tuple(config.get("Entrypoint") or ())
        return () if brings_init(words) else words

    def login(self, host: str) -> tuple[str, str]:
        """The account and password that docker's configuration keeps for a registry's host; empty texts for none."""
        try:
            login = resolve_authconfig(self._api._auth_configs, _REGISTRIES.get(host, host))  # type: ignore[attr-defined]
        except (DockerException, StoreError):
            return "", ""
        words = {name.lower(): str(value) for name, value in (login or {}).items()}
        if token := words.get("identitytoken"):
            return "", token
        return words.get("username", ""), words.get("password", "")

    def forget(self, name: str) -> None:
        """It was removed behind our back: look again the next time."""
        self._words_by_name.pop(name, None)

    def _words(self, name: str) -> tuple[str, ...]:
        config = self._api.inspect_image(name)["Config"] or {}  # type: ignore[no-untyped-call]
        return (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ()))

    def _pull(self, name: str) -> None:
        if name.startswith("sha256:"):
            raise ProviderError(
                f"the image {name} was built here and is gone from the Docker Engine. Provision the stack again, which "
                "builds its images, or deploy a newer release."
            )
        registry, _ = resolve_repository_name(name.partition("@")[0])
        try:
            for line in self._api.pull(name, stream=True, decode=True):
                if "error" in line:
                    raise self._missing(name, registry, str(line["error"]))
        except APIError as error:
            raise self._missing(name, registry, engine_message(error)) from error
        except (DockerException, StoreError) as error:
            raise ProviderError(
                f"the image {name} could not be pulled: the login for {registry} is in a store that docker's "
                f"configuration names, and that cannot be asked: {error.__cause__ or error}. Its program must be on "
                f"the PATH that the control plane was started with; or log in without it: docker login {registry}"
            ) from error

    def _missing(self, name: str, registry: str, why: str) -> ProviderError:
        login = f"docker login{'' if registry == INDEX_NAME else f' {registry}'}"
        denied = any(word in why.lower() for word in _REFUSALS)
        return ProviderError(
            f"the image {name} is not in the Docker Engine and could not be pulled: {why}.\n"
            f"{self._no_login(registry) if denied else 'If it needs a login'}: {login}. If the name is wrong, correct "
            "it. If this engine cannot reach it: put it there with docker load, or name another under the target's "
            f"`images` ({{{name.partition('@')[0]}: OTHER}}) or `mirror`."
        )

    def _no_login(self, registry: str) -> str:
        """What is known of it in the configuration that docker keeps for the account that runs this."""
        login = resolve_authconfig(self._api._auth_configs, registry) or {}  # type: ignore[attr-defined]
        account = login.get("username") or login.get("Username")
        what = f"the login of {account} was refused" if account else f"no login for {registry} is known"
        return f"In docker's configuration (DOCKER_CONFIG, or ~/.docker of the control plane's account) {what}"


def brings_init(words: Iterable[str]) -> bool:
    """Whether a command starts with a first process of its own, or a script of the image's that comes to one."""
    return any(PurePosixPath(word).name in _INITS for word in words)
