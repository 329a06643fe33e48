"""Which image something runs from: the catalogue's pinned ones, a target's overrides, its mirror."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

import yaml

from infra_specs.stackfile.models.image_name import has_registry
from infra_specs.stackfile.models.target import Containers, Target
from infra_specs.stackfile.reading.yaml_nodes import FAST_LOADER


def image_of(target: Containers, kind: str) -> str:
    """The image of one of the catalogue's services on this target."""
    return image(target, pinned()[kind])


def image(target: Containers, name: str) -> str:
    """Where an image is taken from on this target.

    An override of the very name wins, then one of the name without its version; else a name without a registry is
    looked for below the mirror. An override is meant as it stands, and so is an image's id.
    """
    if name.startswith("sha256:"):
        return name
    for candidate in (name, _unversioned(name)):
        if candidate in target.images:
            return target.images[candidate]
    return f"{target.mirror}/{name}" if target.mirror and not has_registry(name) else name


def sources(target: Target, names: Iterable[str]) -> dict[str, str]:
    """Where each of these images is taken from, by name and in its order; nothing where no containers run."""
    return {name: image(target, name) for name in sorted(names)} if isinstance(target, Containers) else {}


@cache
def pinned() -> Mapping[str, str]:
    """Kind -> the official image that the catalogue runs it from."""
    text = resources.files("infra_specs.catalogue").joinpath("images.yaml").read_text()
    table = yaml.load(text, FAST_LOADER)  # noqa: S506 - a safe one, in C
    return {kind: str(entry["image"]) for kind, entry in table.items()}


def _unversioned(name: str) -> str:
    name = name.partition("@")[0]
    before, colon, after = name.rpartition(":")
    return before if colon and "/" not in after else name
