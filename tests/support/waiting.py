"""Wait until something holds, with a generous deadline; a test that waits in vain says what it waited for."""

import time
from collections.abc import Callable
from typing import TypeVar

from infra_specs.resources.instance import Instance
from tasks.providers.seam.provider import KindProvider
from tests.tasks.providers.looks import health_of

T = TypeVar("T")


def wait_until(condition: Callable[[], T | None], what: str, seconds: float = 300.0) -> T:
    """The condition's value once it is true; asked often at first, then four times a second. Fails after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = 0.02
    while not (value := condition()):
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(pause)
        pause = min(1.3 * pause, 0.25)  # what answers is on the same two cores
    return value


def wait_healthy(provider: KindProvider, instance: Instance) -> Instance:
    """The instance as it is observed once it has settled. Fails with its log if it is not healthy then."""
    wait_until(lambda: health_of(provider, instance).state != "starting", f"{instance} settled")
    health = health_of(provider, instance)
    assert health.state == "healthy", f"{health.reason}\n{provider.logs(instance, 30)}"
    key = (instance.address, instance.incarnation)
    return next(other for other in provider.observe(instance.stack) if (other.address, other.incarnation) == key)
