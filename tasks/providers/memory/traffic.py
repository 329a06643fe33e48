"""The proxies of the memory target: they count requests that never were."""

from collections.abc import Callable, Mapping, Sequence

from infra_specs.resources.address import Address
from infra_specs.resources.instance import Instance
from tasks.providers.memory.simulated_load import Loads
from tasks.providers.seam.traffic import Traffic


class MemoryTraffic:
    """The part `traffic`."""

    def __init__(self, loads: Loads, observe: Callable[[str], Sequence[Instance]]) -> None:
        self._loads, self._observe = loads, observe

    def counts(self, stack: str) -> Mapping[str, Mapping[str, Traffic]]:
        """What each proxy would have counted by now of the load that was set."""
        return self._loads.counted(stack, self._observe(stack))


def names(count: int) -> tuple[str, ...]:
    """What so many proxies are called."""
    suffixes = [""] if count == 1 else [f"-{number}" for number in range(count)]
    return tuple(str(Address("proxy", f"main{suffix}")) for suffix in suffixes)
