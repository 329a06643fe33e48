"""What a Swarm is asked for."""

from typing import Any

import pytest
from docker.types import Mount

from tasks.providers.docker.containers.container import Container
from tasks.providers.swarm.kinds.services import unbound, without_second_init
from tasks.providers.swarm.service_spec import (
    HOST_CONSTRAINT,
    NANO,
    STOPPED_CONSTRAINT,
    ServiceParts,
    constraints_of,
    is_stopped,
    node_of,
    service_spec,
    with_constraints,
)

pytestmark = pytest.mark.pure

PARTS = ServiceParts("tenfold_shop_replica_web-0_1", {"tenfold.stack": "shop"}, "net1", ("replica.web-0", "web"))
CONTAINER = Container(
    "shop:1",
    ("serve",),
    {"MODE": "fast"},
    volumes={"data": Mount("/data", "tenfold.shop.volume.data.1", type="volume")},
    scratch=("/tmp",),
    memory=2**28,
    shared_memory=2**27,
    cpus=0.5,
    stop_seconds=60,
    capabilities=("CHOWN",),
)


def made(container: Container = CONTAINER, **changed: Any) -> dict[str, Any]:
    values = {name: getattr(PARTS, name) for name in ServiceParts.__slots__} | changed
    return service_spec(container, "sha256:1", ServiceParts(**values))


def test_a_slot_is_one_task_that_is_found_by_its_address() -> None:
    spec = made()
    assert spec["Mode"] == {"Replicated": {"Replicas": 1}}
    assert spec["EndpointSpec"] == {"Mode": "dnsrr", "Ports": []}
    assert spec["TaskTemplate"]["Networks"] == [{"Target": "net1", "Aliases": ["replica.web-0", "web"]}]


def test_what_runs_is_what_the_docker_target_runs() -> None:
    spec = made()["TaskTemplate"]["ContainerSpec"]
    assert (spec["Image"], spec["Args"], spec["Env"]) == ("sha256:1", ["serve"], ["MODE=fast"])
    assert (spec["CapabilityDrop"], spec["CapabilityAdd"], spec["ReadOnly"]) == (["ALL"], ["CHOWN"], True)
    assert spec["StopGracePeriod"] == 60 * NANO
    assert "Command" not in spec, "the image's own entrypoint"
    assert [(mount["Type"], mount["Target"]) for mount in spec["Mounts"]] == [
        ("volume", "/data"),
        ("tmpfs", "/tmp"),
        ("tmpfs", "/dev/shm"),
    ]


def test_its_limits_are_the_containers() -> None:
    limits = made()["TaskTemplate"]["Resources"]["Limits"]
    assert (limits["MemoryBytes"], limits["NanoCPUs"]) == (2**28, NANO // 2)
    assert limits["Pids"] > 0


def test_a_secret_is_a_file_that_its_container_alone_reads_and_a_script_can_be_run() -> None:
    secrets = {"password": ("tenfold_a", "s1"), "postgres": ("tenfold_b-run", "s2")}
    references = made(secrets=secrets)["TaskTemplate"]["ContainerSpec"]["Secrets"]
    assert [(item["SecretID"], item["File"]["Name"], item["File"]["Mode"]) for item in references] == [
        ("s1", "password", 0o444),
        ("s2", "postgres", 0o555),
    ]


def test_a_published_port_is_one_of_each_host() -> None:
    (port,) = made(is_global=True, ports={8081: 80})["EndpointSpec"]["Ports"]
    assert (port["TargetPort"], port["PublishedPort"], port["PublishMode"]) == (8081, 80, "host")


def test_a_service_is_bound_to_a_host_and_freed() -> None:
    spec = made(constraints=(f"{HOST_CONSTRAINT}n1", "node.labels.disk==fast"))
    assert node_of(spec) == "n1"
    assert constraints_of(unbound(spec)) == ["node.labels.disk==fast"]
    assert node_of(unbound(spec)) is None


def test_one_that_was_stopped_is_not_freed() -> None:
    stopped = with_constraints(made(constraints=(f"{HOST_CONSTRAINT}n1",)), [STOPPED_CONSTRAINT])
    assert is_stopped(stopped)
    assert unbound(stopped) == stopped
    assert not is_stopped(made())


@pytest.mark.parametrize(
    ("words", "init"), [((), True), (("/usr/bin/tini", "--"), False), (("docker-entrypoint.sh",), True)]
)
def test_an_image_with_an_init_gets_no_other(words: tuple[str, ...], init: bool) -> None:
    assert without_second_init(Container("shop:1", ("serve",), init=True), words).init is init
