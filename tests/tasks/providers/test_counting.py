"""What is counted in answers of Envoy 1.40, and on the memory target."""

import json
from pathlib import Path

import pytest

from infra_specs.resources.resource import Resource
from tasks.providers.envoy.counting import traffic_of
from tasks.providers.memory import MemoryProvider, simulated_load
from tasks.providers.memory.simulated_load import Load
from tasks.providers.seam.traffic import Counted
from tests.tasks.providers.contract.resources import stack, worker
from tests.tasks.providers.looks import counts_of
from tests.tasks.providers.routes import route

pytestmark = pytest.mark.pure

NUMBERS = """\
# TYPE envoy_cluster_upstream_rq_xx counter
envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",envoy_cluster_name="service-web"} 7
envoy_cluster_upstream_rq_total{envoy_cluster_name="service-web"} 100
envoy_cluster_upstream_rq_retry{envoy_cluster_name="service-web"} 4
envoy_cluster_upstream_cx_none_healthy{envoy_cluster_name="service-web"} 3
envoy_cluster_upstream_rq_pending_failure_eject{envoy_cluster_name="service-web"} 6
envoy_cluster_upstream_rq_cancelled{envoy_cluster_name="service-web"} 1
envoy_cluster_upstream_rq_active{envoy_cluster_name="service-web"} 5
envoy_cluster_upstream_rq_pending_active{envoy_cluster_name="service-web"} 2
envoy_server_uptime{} 61
# TYPE envoy_cluster_upstream_rq_time histogram
envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="service-web",le="0.5"} 19
envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="service-web",le="2500"} 90
envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="service-web",le="+Inf"} 91
envoy_cluster_upstream_rq_time_sum{envoy_cluster_name="service-web"} 4096.799375487900185532907926
envoy_cluster_upstream_rq_time_count{envoy_cluster_name="service-web"} 91
"""


def host(port: int, health: str, **stats: int) -> dict[str, object]:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    told = [{"name": name, "value": str(value)} if value else {"name": name} for name, value in stats.items()]
    return {"address": address, "stats": told, "health_status": {"eds_health_status": health}}


@pytest.mark.parametrize(
    ("asked", "tries"),
    [
        (40, {"rq_retry": 39, "cx_none_healthy": 28, "rq_pending_failure_eject": 51}),
        (30, {"rq_total": 30, "rq_retry": 90, "rq_pending_failure_eject": 90}),
        (60, {"rq_total": 60, "rq_retry": 2, "rq_pending_failure_eject": 2}),
        (60, {"rq_total": 1, "rq_retry": 54, "cx_none_healthy": 43, "rq_pending_failure_eject": 70}),
        (0, {"rq_total": 0, "rq_retry": 3, "rq_pending_failure_eject": 2}),
    ],
    ids=[
        "the only replica is dead",
        "killed with requests in it",
        "one of two is dead",
        "both are",
        "between two tries",
    ],
)
def test_in_an_outage_each_request_is_counted_once(asked: int, tries: dict[str, int]) -> None:
    lines = {"rq_total": 0, **tries}.items()
    text = "".join(f'envoy_cluster_upstream_{name}{{envoy_cluster_name="service-web"}} {n}\n' for name, n in lines)
    assert traffic_of(clusters, text.encode())["web"].requests == asked


HOSTS = [host(1, "HEALTHY", rq_total=60, rq_error=2, rq_active=5), host(2, "DRAINING", rq_total=40, rq_error=0)]
clusters = json.dumps({"cluster_statuses": [{"name": "service-web", "host_statuses": HOSTS}]}).encode()


def test_what_arrived_includes_the_refused_and_each_retried_once() -> None:
    web = traffic_of(clusters, NUMBERS.encode())["web"]
    assert (web.requests, web.errors, web.in_flight, web.answered) == (100 + 3 + 6 + 1 + 2 - 4, 7, 7, 91)
    assert web.seconds == pytest.approx(4.0968, abs=1e-4)
    assert web.running == 61
    assert web.latencies == {0.0005: 19, 2.5: 90}
    assert web.replicas == {"127.0.0.1:1": Counted(60, 2, 5, True), "127.0.0.1:2": Counted(40, 0, 0, False)}


@pytest.mark.parametrize(
    ("first", "second"),
    [(None, NUMBERS.encode()), (clusters, None), (b"{", NUMBERS.encode()), (b"{}", b""), (clusters, b"")],
)
def test_half_an_answer_counts_nothing(first: bytes | None, second: bytes | None) -> None:
    assert traffic_of(first, second) == {}


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MemoryProvider:
    """A stack with two replicas at second 1000 of a clock that stands still."""
    at(monkeypatch, 1000.0)
    provider = MemoryProvider(tmp_path)
    provider.create(route(*[provider.create(worker(slot)) for slot in range(2)], service="jobs", stack=stack))
    return provider


def at(monkeypatch: pytest.MonkeyPatch, second: float) -> None:
    monkeypatch.setattr(simulated_load, "now", lambda: second)


def test_the_memory_target_counts_the_load_that_was_set(
    memory: MemoryProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert counts_of(memory, stack) == {}
    memory.set_load(stack, "jobs", Load(requests_per_second=50, latency=0.2, failing=0.1, waiting=3))
    at(monkeypatch, 1020.0)
    jobs = counts_of(memory, stack)["jobs"]
    assert (jobs.requests, jobs.errors, jobs.in_flight, jobs.seconds, jobs.running) == (1000, 100, 13, 200.0, 20.0)
    assert [replica.requests for replica in jobs.replicas.values()] == [500, 500]
    memory.set_load(stack, "jobs", Load(requests_per_second=1))
    at(monkeypatch, 1030.0)
    assert counts_of(memory, stack)["jobs"].requests == 1010, "what was counted so far stays"


def test_a_person_writes_the_load_by_hand(memory: MemoryProvider, tmp_path: Path) -> None:
    file = tmp_path / "load" / f"{stack}.json"
    file.parent.mkdir()
    file.write_text('{"jobs": {"requests_per_second": 50, "latency": 0.2}}')
    jobs = counts_of(memory, stack)["jobs"]
    assert (jobs.requests, jobs.in_flight) == (0, 10)


def test_a_service_without_a_route_counts_nothing(memory: MemoryProvider) -> None:
    memory.set_load(stack, "other", Load(requests_per_second=50))
    assert counts_of(memory, stack) == {}


def test_the_world_is_read_again_when_another_has_changed_it(memory: MemoryProvider, tmp_path: Path) -> None:
    assert len(memory.observe(stack)) == 3
    other = MemoryProvider(tmp_path)
    other.create(Resource(stack, "volume/data", "volume"))
    assert len(memory.observe(stack)) == 4
