"""The names in a spec that something else has to take: registries, networks, and people who type them.

Only what a person writes is held to this. What the ledger has stays readable, so that it can be changed or taken down.
"""

from collections.abc import Collection, Iterator, Mapping

from infra_specs.resources.address import CANARY
from infra_specs.resources.services import REPLICA, service_of
from infra_specs.stackfile.messages.faults import found
from infra_specs.stackfile.messages.location import Path
from infra_specs.stackfile.models.image_name import image_fault, registry_fault
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.target import Containers, Target

Crossing = tuple[Path, str]
"""Where a fault is, and what it is."""

_RESERVED = {
    "tenfold": "is a name that Tenfold uses itself. Choose another.",
    "localhost": "is what every container calls itself. Choose another.",
}


def service_names(services: Collection[str]) -> Iterator[Crossing]:
    """Names of services that stand for something else, too, or that no image can be called after."""
    for name in services:
        if reason := _RESERVED.get(name):
            yield ("services", name), f"`{name}` {reason}"
        if name.endswith("-"):
            yield (
                ("services", name),
                "a service's name must not end in a dash, for its image and its host are named after it. Write "
                f"{name.rstrip('-')}.",
            )
        other = service_of(f"{REPLICA}/{name}")
        if other in services:
            which = "the canary" if name == f"{other}-{CANARY}" else f"replica {name.rpartition('-')[2]}"
            yield (
                ("services", name),
                f"`{name}` is also what {which} of the service `{other}` is called. Choose another name for one of "
                "the two.",
            )


def image_names(services: Mapping[str, Service], target: Target | None) -> Iterator[Crossing]:
    """Images that no registry and no engine can have."""
    for name, service in services.items():
        if service.image is not None and (reason := image_fault(service.image)):
            yield ("services", name, "image"), _said(service.image, reason)
    if not isinstance(target, Containers):
        return
    for instead_of, image in target.images.items():
        path = ("target", "images", instead_of)
        if reason := image_fault(instead_of):
            yield path, _said(instead_of, reason)
        if reason := image_fault(image):
            yield path, _said(image, reason)
    if target.mirror is not None and (reason := registry_fault(target.mirror)):
        yield ("target", "mirror"), _said(target.mirror, reason)


def _said(name: str, reason: str) -> str:
    """A requirement follows a comma, and a reason a colon, as in all messages."""
    return f"found {found(name)}{',' if reason.startswith('must ') else ':'} {reason}."
