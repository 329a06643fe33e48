"""The kind `front`: an Envoy that has the ports which stacks share. It is in the network of each, with an address there
that nobody else has, and by which the stack's proxy knows it."""

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from infra_specs.sharing.front import FRONT_KIND, SharedPort
from tasks.providers.docker.annotations import Annotations
from tasks.providers.docker.containers.container import DesiredContainer, Settings
from tasks.providers.docker.containers.start import Starter
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.kinds.containers import Containers
from tasks.providers.docker.kinds.proxy import behind_alias, envoy_container
from tasks.providers.docker.network import Networks
from tasks.providers.docker.observe import Observer
from tasks.providers.docker.proxy import admin
from tasks.providers.docker.proxy.folder import FirstFiles, Folder
from tasks.providers.docker.proxy.listeners import connections, first_bootstrap
from tasks.providers.docker.proxy.ports import inside
from tasks.providers.envoy.config_push import await_listeners
from tasks.providers.envoy.front import shared_ports
from tasks.providers.envoy.front_push import push_front
from tasks.providers.envoy.listener import EVERYWHERE
from tasks.providers.envoy.messages import Json


class Fronts(Containers):
    """Fronts: who has which host changes in place; their ports are their own for good."""

    def __init__(
        self, api: Engine, annotations: Annotations, observer: Observer, starter: Starter, networks: Networks
    ) -> None:
        super().__init__((FRONT_KIND,), api, annotations, observer, starter)
        self._networks = networks

    def update(self, instance: Instance, resource: Resource) -> None:
        """Returns when it leads as it is told; connections to stacks whose hosts stay as they are stay, too."""
        container = self._observer.container(instance)
        if container is None:
            raise ProviderError(f"{instance} of stack {instance.stack} is gone: plan again")
        identity, shared = container["Id"], shared_ports(resource.settings)
        _enter(self._networks, identity, shared)
        folder = Folder(self._api, identity)
        version = push_front(folder, shared, _door_of, connections(self._api), waiting=True, own_port=inside)
        await_listeners(lambda: admin.listeners(self._api, identity), version, resource.address)
        self._record(instance, resource, _outputs(shared))


def front_settings(api: Engine, networks: Networks) -> Settings:
    """What runs the front. It leads to all stacks from its first moment on."""

    def settings(resource: Resource, _address: str) -> DesiredContainer:
        shared = shared_ports(resource.settings)

        def prepare(container: str) -> None:
            folder = FirstFiles({"bootstrap.json": first_bootstrap(resource.stack)})
            push_front(folder, shared, _door_of, connections(api), waiting=False, own_port=inside)
            folder.put(api, container)
            _enter(networks, container, shared)

        ports = [each.port for each in shared]
        return DesiredContainer(
            envoy_container(resource, {inside(port): (EVERYWHERE, port) for port in ports}),
            outputs=_outputs(shared),
            probe={"kind": "proxy", "port": inside(ports[0])},
            prepare=prepare,
            fixed_ports=tuple(ports),
        )

    return settings


def _door_of(stack: str, port: int) -> Json:
    return {"socket_address": {"address": behind_alias(stack), "port_value": inside(port)}}


def _enter(networks: Networks, container: str, shared: list[SharedPort]) -> None:
    for stack in sorted({stack for each in shared for stack in each.hosts.values()}):
        networks.let_in(stack, container)


def _outputs(shared: list[SharedPort]) -> dict[str, str]:
    return {"ports": " ".join(str(each.port) for each in shared)}
