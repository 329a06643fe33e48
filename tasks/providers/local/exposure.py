"""Programs that listen beyond loopback, where others reach them past the proxy."""

from collections.abc import Callable, Iterable

from infra_specs.resources.instance import Instance
from infra_specs.resources.services import service_of


def exposure(instances: Iterable[Instance], is_everywhere: Callable[[int], bool]) -> tuple[str, ...]:
    """A sentence for each service with a running replica whose port has every address, in order of their names."""
    ports = dict[str, tuple[str, int]]()
    for instance in instances:
        endpoint, service = instance.outputs.get("endpoint", ""), service_of(instance.address)
        if service is None or service in ports or not instance.live or not endpoint:
            continue
        port = int(endpoint.rpartition(":")[2])
        if is_everywhere(port):
            ports[service] = str(instance), port
    return tuple(
        f"{service}: {name} listens on port {port} of every address of this machine, so others may reach it past the "
        "proxy. Have it listen on 127.0.0.1 alone"
        for service, (name, port) in sorted(ports.items())
    )
