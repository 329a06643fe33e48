"""Images that were streamed to a host under their ids: named by us there, and removed a day after nobody needs them.

A host that pulled or built an image has its own name for it, which is nobody's to remove. So one of them has it still.
"""

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from docker.errors import APIError, ImageNotFound

from infra_specs.errors import ProviderError
from tasks.base.clock import now
from tasks.providers.docker.engine.client import epoch
from tasks.providers.docker.engine.errors import engine_message
from tasks.providers.swarm.engine import HostEngine
from tasks.providers.swarm.hosts import SwarmHosts

REPOSITORY = "tenfold-held"
"""What images are called that were streamed to a host; the tag is the beginning of their id."""
KEPT_SECONDS = 86_400.0
"""How long an image stays after it was last asked for: a release that is gone back to needs no transfer so soon."""
_NOTED_SECONDS = KEPT_SECONDS / 8
"""How long a note that it was asked for is new enough: looks come twice a minute."""


def hold(engine: HostEngine, id: str) -> None:
    """Name an image that was streamed to a host, or note that it is asked for again."""
    engine.tag(id, REPOSITORY, tag=_tag(id))


def hold_again(engine: HostEngine, id: str) -> None:
    """Note that an image is asked for, if it was streamed to this host."""
    with suppress(ImageNotFound):
        told = engine.inspect_image(f"{REPOSITORY}:{_tag(id)}")  # type: ignore[no-untyped-call]
        if _seconds_since(told) > _NOTED_SECONDS:
            hold(engine, id)


def forget_unneeded(hosts: SwarmHosts, needed: Collection[str]) -> None:
    """Remove what was streamed to a host, is none of these ids, and was not asked for during a day.

    What a container there has stays, and what no other host has. A host that does not answer is left for the next time.
    """
    old = hosts.outcomes(lambda _, engine: _old(engine, needed))
    for host, ids in old.items():
        for id in () if isinstance(ids, ProviderError) else ids:
            others = hosts.outcomes(lambda _, engine, id=id: _has_for_good(engine, id))  # type: ignore[misc]
            if any(told is True for other, told in others.items() if other != host):
                _remove(hosts, host, id)


def _old(engine: HostEngine, needed: Collection[str]) -> list[str]:
    listed: list[dict[str, Any]] = engine.images(name=REPOSITORY)
    unneeded = [image["Id"] for image in listed if image["Id"] not in needed]
    return [id for id in unneeded if _seconds_since(_inspected(engine, id)) > KEPT_SECONDS]


def _inspected(engine: HostEngine, id: str) -> dict[str, Any]:
    try:
        told: dict[str, Any] = engine.inspect_image(id)  # type: ignore[no-untyped-call]
    except ImageNotFound:
        return {}
    return told


def _seconds_since(told: dict[str, Any]) -> float:
    """Since an image was named last; 0 where the engine does not say."""
    named = epoch(str((told.get("Metadata") or {}).get("LastTagTime") or ""))
    return now() - named if named else 0.0


def _has_for_good(engine: HostEngine, id: str) -> bool:
    """Whether a host has an image under a name that is not ours."""
    names = _inspected(engine, id).get("RepoTags") or ()
    return any(not name.startswith(f"{REPOSITORY}:") for name in names)


def _remove(hosts: SwarmHosts, host: str, id: str) -> None:
    try:
        hosts.engine(host).remove_image(f"{REPOSITORY}:{_tag(id)}")
    except APIError as error:
        if error.status_code not in (404, 409):
            raise ProviderError(f"{host}: an image cannot be removed: {engine_message(error)}") from error


def _tag(id: str) -> str:
    return id.removeprefix("sha256:")[:12]
