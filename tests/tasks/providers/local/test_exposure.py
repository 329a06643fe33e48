"""Programs that others reach past the proxy are told."""

import pytest

from infra_specs.resources.instance import Health, Instance, State
from tasks.providers.local.exposure import exposure

pytestmark = pytest.mark.pure


def instance(address: str, endpoint: str, state: State = "healthy") -> Instance:
    kind = address.partition("/")[0]
    return Instance("shop", address, kind, "f", 1, Health(state, "", 0.0), outputs={"endpoint": endpoint})


def test_each_service_that_has_every_address_is_told_once() -> None:
    instances = [
        instance("replica/web-0", "127.0.0.1:1"),
        instance("replica/web-1", "127.0.0.1:2"),
        instance("replica/web-2", "127.0.0.1:3"),
        instance("replica/api-0", "127.0.0.1:4"),
        instance("replica/sick-0", "127.0.0.1:2", "failed"),
        instance("replica/worker-0", ""),
        instance("proxy/main", "127.0.0.1:2"),
    ]
    said = "of every address of this machine, so others may reach it past the proxy. Have it listen on 127.0.0.1 alone"
    assert exposure(instances, {2, 3, 4}.__contains__) == (
        f"api: replica/api-0 listens on port 4 {said}",
        f"web: replica/web-1 listens on port 2 {said}",
    )
    assert exposure(instances, set[int]().__contains__) == ()
