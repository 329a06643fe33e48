"""The proxies of the local target: one a stack, which counts requests."""

from collections.abc import Mapping
from pathlib import Path

from infra_specs.resources.instance import Instance
from tasks.providers.local.envoy import admin
from tasks.providers.local.errors import translated
from tasks.providers.local.stack_folder import stack_folder_of
from tasks.providers.seam.traffic import Traffic

_PROXY = "proxy/main"


class LocalTraffic:
    """The part `traffic`, and what a proxy says of a single replica."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def counts(self, stack: str) -> Mapping[str, Mapping[str, Traffic]]:
        """What the stack's proxy counted, by service; nothing if it does not answer within a second."""
        with translated():
            counted = admin.traffic(stack_folder_of(self._home, stack).proxy)
        return {service: {_PROXY: traffic} for service, traffic in counted.items()}

    def in_flight(self, instance: Instance) -> int:
        """Requests that the proxy has running in it, those from before it was taken out of its route included."""
        endpoint = instance.outputs.get("endpoint")
        if not endpoint:
            return 0
        with translated():
            state = admin.admin_state(stack_folder_of(self._home, instance.stack).proxy)
        return state.in_flight(endpoint) if state else 0
