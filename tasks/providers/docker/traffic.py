"""The part `traffic`: what the proxy of a stack counted."""

from collections.abc import Mapping

from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.engine.errors import translated
from tasks.providers.docker.labels import key_of
from tasks.providers.docker.proxy import admin
from tasks.providers.docker.proxy.find import listed_proxy
from tasks.providers.seam.traffic import Traffic


class DockerTraffic:
    """Counts of the one proxy that a stack has here."""

    def __init__(self, api: Engine) -> None:
        self._api = api

    def counts(self, stack: str) -> Mapping[str, Mapping[str, Traffic]]:
        """By service, then by the proxy's address."""
        with translated():
            proxy = listed_proxy(self._api.containers_of(stack))
            if proxy is None:
                return {}
            address, _ = key_of(proxy["Labels"])
            counted = admin.traffic(self._api, proxy["Id"])
        return {service: {address: traffic} for service, traffic in counted.items()}
