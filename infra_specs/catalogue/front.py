"""The front of a machine as a resource: what its target runs it from, and what of it changes in place."""

from collections.abc import Collection, Iterable

from infra_specs.catalogue.images import image_of
from infra_specs.resources.resource import Resource, Setting
from infra_specs.sharing.claims import machine_of
from infra_specs.sharing.front import FRONT_ADDRESS, FRONT_EDITION, FRONT_KIND, SharedPort, front_name
from infra_specs.stackfile.models.target import Docker, Target


def front(target: Target, ports: Iterable[SharedPort], held: Collection[int] = ()) -> tuple[Resource, ...]:
    """The front of a target's machine; nothing if it is to have no port.

    Ports that a stack's own proxy still has (`held`) are left to it until it moved. A container's published ports are
    its own for good: on Docker the front is made with its first port, and replaced for another one.
    """
    shared = tuple(ports)
    free = [each for each in shared if each.port not in held]
    hosts: dict[str, Setting] = {
        str(each.port): {"protocol": each.protocol, "hosts": dict(each.hosts)} for each in free
    }
    settings: dict[str, Setting] = {"ports": hosts, "edition": FRONT_EDITION}
    mutable = tuple(settings)
    if isinstance(target, Docker):
        settings |= {"published": [each.port for each in free], "image": image_of(target, "proxy")}
    if not shared or (isinstance(target, Docker) and not free):
        return ()
    name = front_name(machine_of(target))
    return (Resource(name, FRONT_ADDRESS, FRONT_KIND, settings, mutable=mutable, singleton=True),)
