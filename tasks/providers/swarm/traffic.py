"""The part `traffic`: what the proxy on each host counted."""

from collections.abc import Mapping

from infra_specs.errors import ProviderError
from tasks.providers.docker.engine.errors import translated
from tasks.providers.docker.proxy import admin
from tasks.providers.docker.proxy.find import proxy_among
from tasks.providers.seam.traffic import Traffic
from tasks.providers.swarm.engine import HostEngine
from tasks.providers.swarm.hosts import SwarmHosts

ANSWER_SECONDS = 3.0


class SwarmTraffic:
    """Counts of the proxies that a stack has, one on each host."""

    def __init__(self, hosts: SwarmHosts) -> None:
        self._hosts = hosts

    def counts(self, stack: str) -> Mapping[str, Mapping[str, Traffic]]:
        """By service, then by the host of the proxy. A host that does not answer in time is left out."""
        with translated():
            outcomes = self._hosts.outcomes(lambda _, engine: _counted(engine, stack), ANSWER_SECONDS)
        counts: dict[str, dict[str, Traffic]] = {}
        for host, outcome in outcomes.items():
            for service, traffic in () if isinstance(outcome, ProviderError) else outcome.items():
                counts.setdefault(service, {})[host] = traffic
        return counts


def _counted(engine: HostEngine, stack: str) -> dict[str, Traffic]:
    proxy = proxy_among(engine.containers_of(stack))
    return admin.traffic(engine, proxy) if proxy else {}
