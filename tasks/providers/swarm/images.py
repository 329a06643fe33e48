"""Images on every host: pulled there with the user's logins, or streamed from a host that has them, by their ids."""

import threading
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from docker.errors import ImageNotFound

from infra_specs.errors import ProviderError
from infra_specs.fleet.processors import other_processors
from tasks.providers.docker.engine.images import EngineImages
from tasks.providers.hosts.engines import translated
from tasks.providers.swarm.engine import HostEngine
from tasks.providers.swarm.held_images import hold, hold_again
from tasks.providers.swarm.hosts import SwarmHosts
from tasks.providers.swarm.managers import Member


class FleetImages:
    """The images of the hosts. Several that want the same one wait for one transfer."""

    def __init__(self, hosts: SwarmHosts) -> None:
        self._hosts = hosts
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._there: dict[str, frozenset[str]] = {}
        """Id -> the hosts that were seen to have it."""
        self._words: dict[str, tuple[str, ...]] = {}
        self._machines: dict[str, str] = {}
        """Host -> its processor, as its kernel calls it."""

    def need(self, settings: Mapping[str, Any]) -> str:
        """The id of the image of a resource, which every ready host has when this returns.

        Raises ProviderError, with what to do, for one that cannot be had.
        """
        name, id = str(settings["image"]), settings.get("image_id")
        return self.everywhere(name, str(id) if id else None)

    def everywhere(self, name: str, id: str | None = None) -> str:
        """The id of the image with this name, or with this id whatever has the name; every ready host has it then."""
        with self._guard:
            lock = self._locks[id or name]
        with lock:
            id = id or self.id_of(name, pull=True)
            assert id is not None
            ready = self._hosts.ready()
            missing = [member for member in ready if member.host not in self._there.get(id, ())]
            if missing:
                self._bring(name, id, missing)
                self._there[id] = frozenset(member.host for member in ready)
            return id

    def id_of(self, name: str, *, pull: bool) -> str | None:
        """The id of what has this name on the first host that has it; if none has, pulled by one, or None."""
        for member in self._hosts.ready():
            with translated(member.host):
                if id := _id_on(self._hosts.transfer_engine(member.host), name):
                    return id
        if not pull:
            return None
        first = self._hosts.ready()[0]
        with translated(first.host):
            return EngineImages(self._hosts.transfer_engine(first.host)).id_of(name, pull=True)

    def words(self, id: str) -> tuple[str, ...]:
        """What an image that is on every host starts by itself."""
        if id not in self._words:
            host = self._hosts.ready()[0].host
            with translated(host):
                self._words[id] = EngineImages(self._hosts.transfer_engine(host)).need(id)
        return self._words[id]

    def _bring(self, name: str, id: str, members: list[Member]) -> None:
        """To all that lack it, all at once: each pulls what has the name there, and takes what another host has.

        Raises ProviderError for one that is built for another processor than that of a host.
        """
        sources = [member for member in self._hosts.ready() if self._has(member, id)]
        for member in sources:
            with translated(member.host):
                hold_again(self._hosts.engine(member.host), id)
        lacking = [member for member in members if member not in sources]
        if lacking and not sources:
            sources = [self._pulled(name, id)]
            lacking = [member for member in lacking if member not in sources]
        source = sources[0]
        self._require_processor(name, id, source, members)
        self._hosts.at_once(lambda member: self._stream(id, source, member), lacking)

    def _require_processor(self, name: str, id: str, source: Member, members: list[Member]) -> None:
        with translated(source.host):
            image = self._hosts.transfer_engine(source.host).inspect_image(id)  # type: ignore[no-untyped-call]
        machines = self._hosts.at_once(self._machine, members)
        named = {member.host: machine for member, machine in zip(members, machines, strict=True)}
        if fault := other_processors(name, str(image.get("Architecture") or ""), named):
            raise ProviderError(fault)

    def _machine(self, member: Member) -> str:
        if member.host not in self._machines:
            with translated(member.host):
                self._machines[member.host] = str(self._hosts.engine(member.host).info().get("Architecture") or "")
        return self._machines[member.host]

    def _pulled(self, name: str, id: str) -> Member:
        first = self._hosts.ready()[0]
        with translated(first.host):
            EngineImages(self._hosts.transfer_engine(first.host)).called(name, id)
        return first

    def _stream(self, id: str, source: Member, member: Member) -> None:
        """Nothing of it is kept here, and the hosts need no way to each other."""
        with translated(member.host):
            content = self._hosts.transfer_engine(source.host).get_image(id)
            for line in self._hosts.transfer_engine(member.host).load_image(content):  # type: ignore[no-untyped-call]
                if "error" in line:
                    raise ProviderError(f"{member.host}: the image {id} cannot be loaded: {line['error']}")
        if not self._has(member, id):
            raise ProviderError(f"{member.host}: its Docker Engine gives the image {id} another id.")
        with translated(member.host):
            hold(self._hosts.engine(member.host), id)

    def _has(self, member: Member, id: str) -> bool:
        with translated(member.host):
            return _id_on(self._hosts.transfer_engine(member.host), id) == id


def _id_on(engine: HostEngine, name: str) -> str | None:
    try:
        return str(engine.inspect_image(name)["Id"])  # type: ignore[no-untyped-call]
    except ImageNotFound:
        return None
