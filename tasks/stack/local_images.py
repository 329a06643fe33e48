"""The images that a target has already: what a preview looks at, which fetches nothing and runs outside of Prefect."""

from collections.abc import Iterable

from infra_specs.catalogue.images import sources
from infra_specs.stackfile.models.stack import Stack
from tasks.providers.seam.provider import KindProvider


def local_images(provider: KindProvider, stack: Stack, names: Iterable[str]) -> dict[str, str]:
    """Image id by name, of the images that the target has already. Pulls nothing."""
    if (images := provider.images) is None:
        return {}
    ids = {
        name: images.image_id(reference, pull=False) for name, reference in references(provider, stack, names).items()
    }
    return {name: id for name, id in ids.items() if id is not None}


def references(provider: KindProvider, stack: Stack, names: Iterable[str]) -> dict[str, str]:
    """Registry reference by image name. Empty for a target that holds no images."""
    return sources(stack.target, names) if provider.images else {}
