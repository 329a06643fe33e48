"""The part `images`: what containers run from, found, pulled or built."""

from collections.abc import Callable

from tasks.providers.docker.builds.builder import Builder
from tasks.providers.docker.engine.errors import translated
from tasks.providers.docker.engine.images import EngineImages
from tasks.providers.seam.builds import BuildRequest, BuiltImage


class DockerImages:
    """Images of one engine."""

    def __init__(self, images: EngineImages, builder: Builder) -> None:
        self._images, self._builder = images, builder

    def image_id(self, name: str, *, pull: bool) -> str | None:
        """Of what has this name in the engine, with `pull` got there first."""
        with translated():
            return self._images.id_of(name, pull=pull)

    def entrypoint(self, name: str) -> tuple[str, ...]:
        """What the image of this name or id gives a command to; empty for nothing that matters."""
        with translated():
            return self._images.entrypoint(name)

    def built(self, request: BuildRequest) -> BuiltImage:
        """What is known of an image that is to be built."""
        with translated():
            return self._builder.built(request)

    def build(self, request: BuildRequest, say: Callable[[str], None]) -> str:
        """The id of an image, built if need be; the last few of a service stay."""
        with translated():
            return self._builder.build(request, say)

    def build_warning(self, request: BuildRequest) -> str:
        """A sentence about files of the context that are hardly meant to be in an image, or an empty text."""
        with translated():
            return self._builder.warning(request)

    def forget_built(self, stack: str) -> None:
        """Remove what was built for a stack and is not run from."""
        with translated():
            self._builder.forget(stack)
