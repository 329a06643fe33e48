"""The part `images`: what the hosts run from, found, pulled or built on one of them, and brought to all."""

from collections.abc import Callable

from infra_specs.errors import ProviderError
from infra_specs.stackfile.models.target import Containers
from tasks.providers.docker.builds.builder import Builder
from tasks.providers.docker.builds.context import Context
from tasks.providers.docker.engine.errors import translated
from tasks.providers.docker.engine.images import EngineImages
from tasks.providers.seam.builds import BuildRequest, BuiltImage
from tasks.providers.swarm.engine import HostEngine
from tasks.providers.swarm.hosts import SwarmHosts
from tasks.providers.swarm.images import FleetImages
from tasks.providers.swarm.managers import NoSwarm


class SwarmImages:
    """Images of a fleet. Those with a `build` are built on the first host that is ready."""

    def __init__(self, hosts: SwarmHosts, images: FleetImages, target: Containers) -> None:
        self._hosts, self._images, self._target = hosts, images, target

    def image_id(self, name: str, *, pull: bool) -> str | None:
        """Of what has this name on a host; with `pull` every ready host has it when this returns."""
        with translated():
            if pull:
                return self._images.everywhere(name)
            try:
                return self._images.id_of(name, pull=False)
            except NoSwarm:
                return None

    def entrypoint(self, name: str) -> tuple[str, ...]:
        """What the image of this name or id gives a command to; empty for nothing that matters."""
        with translated():
            for member in self._hosts.ready():
                if words := EngineImages(self._hosts.engine(member.host)).entrypoint(name):
                    return words
        return ()

    def built(self, request: BuildRequest) -> BuiltImage:
        """What is known of an image that is to be built; nothing before there is a Swarm."""
        with translated():
            try:
                return self._builder().built(request)
            except NoSwarm:
                return BuiltImage("", None)

    def build(self, request: BuildRequest, say: Callable[[str], None]) -> str:
        """The id of an image, built if need be; every ready host has it when this returns."""
        with translated():
            id = self._builder().build(request, say)
            say(f"{request.service}: bringing it to every host")
            return self._images.everywhere(id, id)

    def build_warning(self, request: BuildRequest) -> str:
        """A sentence about files of the context that are hardly meant to be in an image, or an empty text.

        No host is asked.
        """
        return Context(request).warning

    def forget_built(self, stack: str) -> None:
        """Remove what was built for a stack and is not run from, on every host that answers."""

        def forget(engine: HostEngine) -> None:
            self._builder_on(engine).forget(stack)

        with translated():
            outcomes = self._hosts.outcomes(lambda _, engine: forget(engine))
        for outcome in outcomes.values():
            if isinstance(outcome, ProviderError):
                raise outcome

    def _builder(self) -> Builder:
        return self._builder_on(self._hosts.transfer_engine(self._hosts.ready()[0].host))

    def _builder_on(self, engine: HostEngine) -> Builder:
        return Builder(engine, EngineImages(engine), self._target)
