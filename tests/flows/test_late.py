"""A world that answers late: outputs that come after some looks, ends that take some, an update that is taken back."""

from pathlib import Path
from typing import Any

import pytest

from flows.provision import provision
from flows.scale import scale
from flows.teardown import teardown
from tasks.providers.memory import MemoryProvider
from tests.flows.shop import shop
from tests.support.children import run

pytestmark = pytest.mark.prefect

LATE = {"provider": "memory", "late_outputs": 3, "late_endings": 3}


def world(home: Path) -> MemoryProvider:
    return MemoryProvider(home / "memory")


def spec(**target: Any) -> dict[str, Any]:
    return {**shop(), "target": {**LATE, **target}}


def test_what_comes_late_reaches_who_refers_to_it_and_what_goes_late_is_gone_at_the_end(
    home: Path, prefect_server: None
) -> None:
    provisioned = run(provision, {"spec": spec(), "source": "/srv"})
    assert provisioned.state == "COMPLETED", provisioned.message
    seen = {instance.address: instance for instance in world(home).observe("shop")}
    assert dict(seen["route/web"].bindings) == {
        f"replica/web-{slot}.endpoint": f"shop.replica.web-{slot}-1.invalid:80" for slot in range(2)
    }
    assert seen["replica/web-0"].bindings["database/main.port"] == "5432"
    assert run(scale, {"stack": "shop", "service": "web", "replicas": 3}).state == "COMPLETED"
    shrunk = run(scale, {"stack": "shop", "service": "web", "replicas": 2})
    assert shrunk.state == "COMPLETED", shrunk.message
    assert "replica/web-2" not in {instance.address for instance in world(home).observe("shop")}
    ended = run(teardown, {"stack": "shop", "delete_data": True})
    assert ended.state == "COMPLETED", ended.message
    assert world(home).observe("shop") == ()


def test_an_update_that_its_target_takes_back_fails_at_once_with_its_reason(home: Path, prefect_server: None) -> None:
    assert run(provision, {"spec": spec(late_endings=0), "source": "/srv"}).state == "COMPLETED"
    world(home).set_undo("shop", "route/web", "the listener was refused")
    grown = run(scale, {"stack": "shop", "service": "web", "replicas": 3})
    assert grown.state == "FAILED"
    assert "was changed back by its target: went back by itself: the listener was refused" in grown.message
    assert run(scale, {"stack": "shop", "service": "web", "replicas": 3}).state == "COMPLETED"
