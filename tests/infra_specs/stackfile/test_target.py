"""What each target says of itself."""

import pytest
from pydantic import TypeAdapter

from infra_specs.stackfile.models.hosts import JumpHost
from infra_specs.stackfile.models.target import TARGETS, Docker, Swarm, Target

pytestmark = pytest.mark.pure

_target: TypeAdapter[Target] = TypeAdapter(Target)


def read(provider: str, **written: object) -> Target:
    return _target.validate_python({"provider": provider, **written})


@pytest.mark.parametrize(
    ("provider", "runs", "counted"),
    [("local", "processes", False), ("docker", "containers", False), ("memory", "managed", False)],
)
def test_what_a_target_is(provider: str, runs: str, counted: bool) -> None:
    target = read(provider)
    assert (target.runs, target.counted, target.reconcile_seconds) == (runs, counted, 0)


def test_every_target_says_what_it_is() -> None:
    for provider in TARGETS:
        more: dict[str, dict[str, object]] = {"swarm": {"hosts": ["10.0.0.11"]}, "aws": {"region": "eu-central-1"}}
        target = read(provider, **more.get(provider, {}))
        assert target.runs in ("processes", "containers", "managed")
        assert isinstance(target.counted, bool)
        assert target.reconcile_seconds >= 0
        assert isinstance(target.tells, bool)


def test_what_aws_is() -> None:
    target = read("aws", region="eu-central-1")
    assert (target.runs, target.counted, target.reconcile_seconds, target.encrypts_caches) == (
        "managed",
        True,
        300,
        True,
    )


def test_a_pretended_target_counts_replicas_where_the_spec_says_so() -> None:
    assert read("memory", counted=True).counted
    assert read("memory", counted=True).model_dump()["counted"] is True


@pytest.mark.parametrize(
    ("written", "ports"),
    [
        ({"provider": "local"}, {}),
        ({"provider": "local", "port": 8080}, {"port": 8080}),
        ({"provider": "docker", "public_port": 443, "port": 80}, {"port": 80, "public_port": 443}),
        ({"provider": "memory"}, {}),
    ],
)
def test_the_ports_that_a_spec_gives(written: dict[str, object], ports: dict[str, int]) -> None:
    assert _target.validate_python(written).ports == ports


def test_an_engine_is_told_apart_by_its_address() -> None:
    assert Docker(provider="docker").machine == ""
    assert Docker(provider="docker", host="tcp://10.0.0.7:2375").machine == "tcp://10.0.0.7:2375"
    assert read("local").machine == ""


def test_hosts_are_read_in_both_forms_and_written_back() -> None:
    listed = [
        "10.0.0.11",
        {"address": "HOST.example.com", "user": "deploy", "port": 2222, "jump": "bastion"},
        "FD00::1",
    ]
    fleet = read("swarm", hosts=listed, key="~/.ssh/id_ed25519")
    assert isinstance(fleet, Swarm)
    first, second, third = fleet.hosts or ()
    assert (first.name, first.user, first.port, first.jump) == ("10.0.0.11", "root", 22, None)
    assert (second.name, second.user) == ("[host.example.com]:2222", "deploy")
    assert second.jump == JumpHost(address="bastion")
    assert third.name == "fd00::1"
    assert _target.validate_python(fleet.model_dump(mode="json")) == fleet


def test_a_fleet_of_another_stack_has_no_hosts_of_its_own() -> None:
    fleet = read("swarm", fleet="shop")
    assert isinstance(fleet, Swarm)
    assert (fleet.fleet, fleet.hosts, fleet.runs, fleet.counted) == ("shop", None, "containers", False)
