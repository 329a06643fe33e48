"""What of a stack's images is to be built, and the stack with the images that were."""

import os
from collections.abc import Mapping
from pathlib import Path

from infra_specs.errors import ProviderError
from infra_specs.stackfile.models.stack import Stack
from tasks.providers.base import BuildOrder, Builds, Provider


def orders_of(stack: Stack, source: str) -> dict[str, BuildOrder]:
    """An order for each service that says how its image is made; `source` is where the spec's relative paths start.

    Raises ProviderError for a context that a link leads elsewhere.
    """
    return {
        name: BuildOrder(
            stack.name,
            name,
            _folder(name, source, how.context),
            how.dockerfile,
            how.target,
            how.args,
        )
        for name, service in stack.services.items()
        if (how := service.build) is not None
    }


def _folder(service: str, source: str, context: str) -> str:
    """The whole path of a context. Where it may be is what the spec says in plain sight: a link leads nowhere else."""
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
    """The stack with these images, by service."""
    services = {
        name: service.model_copy(update={"image": images[name]}) if name in images else service
        for name, service in stack.services.items()
    }
    return stack.model_copy(update={"services": services})


def foreseen(provider: Provider, stack: Stack, source: str) -> tuple[Stack, tuple[str, ...]]:
    """The stack with the images that there are or would be, and a sentence for each that would be
    built, and for files that are hardly meant to be in one.

    Changes nothing. Raises ProviderError for a folder or Dockerfile that is not there.
    """
    orders = orders_of(stack, source)
    if not orders or not isinstance(provider, Builds):
        return stack, ()
    images, said = dict[str, str](), list[str]()
    for name, order in orders.items():
        found = provider.built(order)
        if warning := provider.build_warning(order):
            said.append(warning)
        images[name] = found.id or found.name or f"{stack.name}-{name}"
        if found.id is None:
            called = f" as {found.name}" if found.name else ", once the image that it starts from is pulled"
            said.append(f"{name} would be built from {order.context}{called}.")
    return with_images(stack, images), tuple(said)
