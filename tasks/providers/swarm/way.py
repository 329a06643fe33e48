"""The part `way`: a connection to the proxy of a stack that has no address, through SSH to one of its hosts."""

from typing import Any

from infra_specs.errors import ProviderError, TransientError
from tasks.providers.docker.engine.errors import translated
from tasks.providers.docker.proxy.find import proxy_among
from tasks.providers.docker.proxy.ports import LOCAL_PORT
from tasks.providers.hosts.engines import translated as translated_of
from tasks.providers.swarm import bridge
from tasks.providers.swarm.hosts import SwarmHosts


class SwarmWay:
    """To the proxy on the first host that has one."""

    def __init__(self, hosts: SwarmHosts) -> None:
        self._hosts = hosts

    def connect(self, stack: str) -> Any:
        """A channel to the stack's proxy. Close it after use. Raises ProviderError where nobody can be reached."""
        failure: ProviderError = TransientError(f"no host of the fleet has a proxy of {stack} that runs.")
        with translated():
            for member in self._hosts.ready():
                try:
                    if address := self._address(member.host, stack):
                        return bridge.connect(self._hosts, member.host, address, LOCAL_PORT)
                except ProviderError as error:
                    failure = error
        raise failure

    def _address(self, host: str, stack: str) -> str:
        """Of the proxy, as its host knows it; empty without one."""
        with translated_of(host):
            engine = self._hosts.engine(host)
            proxy = proxy_among(engine.containers_of(stack))
            return bridge.address_of(engine, proxy) if proxy else ""
