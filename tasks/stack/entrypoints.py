"""What is to be said of images that have an entrypoint of their own."""

import shlex
from collections.abc import Mapping

from infra_specs.catalogue.images import image
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Docker
from tasks.providers.seam.provider import KindProvider


def entrypoint_notes(provider: KindProvider, stack: Stack, ids: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each service whose commands run without the entrypoint that its image has. `ids` by image name.

    Blocks. Empty for images that are not on the target yet.
    """
    notes = list[str]()
    for name, service in stack.services.items():
        keys = [key for key in ("command", "before") if getattr(service, key) is not None]
        if keys and (own := own_entrypoint(provider, stack, service, ids)):
            notes.append(
                f"{name}: its image has an ENTRYPOINT ({shlex.join(own)}), and {' and '.join(keys)} "
                f"{'run' if len(keys) > 1 else 'runs'} without it. To have it given to that, write entrypoint: image"
            )
    return tuple(notes)


def own_entrypoint(provider: KindProvider, stack: Stack, service: Service, ids: Mapping[str, str]) -> tuple[str, ...]:
    """The entrypoint of a service's image where the service says nothing of one; empty otherwise. Blocks."""
    if provider.images is None or service.image is None or service.entrypoint is not None:
        return ()
    assert isinstance(stack.target, Docker)
    return provider.images.entrypoint(ids.get(service.image) or image(stack.target, service.image))
