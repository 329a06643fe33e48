"""The build requests of a stack, and a preview of what a build would do."""

import os
from collections.abc import Mapping
from pathlib import Path

from infra_specs.errors import ProviderError
from infra_specs.stackfile.models.stack import Stack
from tasks.providers.seam.builds import BuildRequest
from tasks.providers.seam.provider import KindProvider


def build_requests(stack: Stack, source: str) -> dict[str, BuildRequest]:
    """Build request by service, for each service with a `build`. `source`: the folder that relative paths start at.

    Raises ProviderError for a build context that a symbolic link leads out of its folder.
    """
    return {
        name: BuildRequest(
            stack.name,
            name,
            _folder(name, source, build.context),
            build.dockerfile,
            build.target,
            build.args,
        )
        for name, service in stack.services.items()
        if (build := service.build) is not None
    }


def _folder(service: str, source: str, context: str) -> str:
    """The absolute path of a build context. Raises ProviderError if a symbolic link leads out of the folder."""
    written = os.path.normpath(Path(source) / Path(context).expanduser())
    if not Path(context).expanduser().is_absolute():
        within = os.path.commonpath((os.path.normpath(source), written))
        if not Path(os.path.realpath(written)).is_relative_to(os.path.realpath(within)):
            raise ProviderError(
                f"the build of {service}: {written} is reached through a link that leads out of {within}, to "
                f"{os.path.realpath(written)}. Write in `context` the folder that is meant."
            )
    return os.path.realpath(written)


def with_images(stack: Stack, images: Mapping[str, str]) -> Stack:
    """The stack with these images. `images`: image id by service."""
    services = {
        name: service.model_copy(update={"image": images[name]}) if name in images else service
        for name, service in stack.services.items()
    }
    return stack.model_copy(update={"services": services})


def preview_builds(provider: KindProvider, stack: Stack, source: str) -> tuple[Stack, tuple[str, ...]]:
    """The stack with its current or future images, and notes: images that would be built, and suspicious context files.

    Changes nothing. Raises ProviderError for a missing folder or Dockerfile.
    """
    requests = build_requests(stack, source)
    if not requests or provider.images is None:
        return stack, ()
    images, notes = dict[str, str](), list[str]()
    for name, request in requests.items():
        image = provider.images.built(request)
        if warning := provider.images.build_warning(request):
            notes.append(warning)
        images[name] = image.id or image.name or f"{stack.name}-{name}"
        if image.id is None:
            suffix = f" as {image.name}" if image.name else ", once the image that it starts from is pulled"
            notes.append(f"{name} would be built from {request.context}{suffix}.")
    return with_images(stack, images), tuple(notes)
