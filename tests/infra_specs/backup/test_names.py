"""Names of backups and of databases of ours, and the time of a stack's backup."""

from typing import Any

import pytest

from infra_specs.backup.copied import copy_of
from infra_specs.backup.names import Aside, moment_of, name_of
from infra_specs.backup.state import Backup, newest_proven, unproven_since
from infra_specs.backup.time import cron, is_backed_up, time_of_day
from infra_specs.errors import SpecError
from infra_specs.stackfile.models.backup import Backup as Rules
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Swarm
from infra_specs.stackfile.reading.load import stored

pytestmark = pytest.mark.pure


def test_a_name_is_its_moment() -> None:
    assert name_of(1_793_505_600.9) == "20261101-040000"
    assert moment_of("20261101-040000") == 1_793_505_600.0


@pytest.mark.parametrize(
    "name", ["", "shop", "20261301-000000", "20261101-040000/..", "20261101-0400000", "../20261101"]
)
def test_what_is_no_name_has_no_moment(name: str) -> None:
    assert moment_of(name) is None


def test_an_aside_is_read_back() -> None:
    aside = Aside("restored", "20261101-040000", 12)
    assert str(aside) == "tenfold-restored-20261101-040000-12"
    assert Aside.parse(str(aside)) == aside


@pytest.mark.parametrize(
    "name",
    [
        "app",
        "tenfold-restored",
        "tenfold-restored-1",
        "tenfold-other-20261101-040000-1",
        "x-tenfold-restored-20261101-040000-1",
    ],
)
def test_a_database_of_the_stack_is_no_aside(name: str) -> None:
    assert Aside.parse(name) is None


def test_stacks_without_a_time_do_not_all_begin_at_once() -> None:
    times = {time_of_day(f"shop-{number}", Rules()) for number in range(200)}
    assert {hour for hour, _ in times} == {3}
    assert len(times) > 40
    assert time_of_day("shop", Rules()) == time_of_day("shop", Rules())


def test_a_given_time_is_kept() -> None:
    assert cron("shop", Rules(at="23:05")) == "5 23 * * *"


@pytest.mark.parametrize("target", ["local", "docker", "swarm", "memory"])
def test_what_is_backed_up(target: str) -> None:
    services = {"web": {"command": ["run"]}}
    fleet = {"fleet": "alpha"} if target == "swarm" else {}
    spec = {"name": "shop", "target": {"provider": target, **fleet}, "services": services}
    assert is_backed_up(Stack.model_validate({**spec, "needs": {"database": {"engine": "postgres"}}}))
    assert not is_backed_up(Stack.model_validate(spec))


def test_only_a_proven_backup_counts() -> None:
    first, second = Backup("a", 1.0, "proven"), Backup("b", 2.0, "failed", "cut off")
    third = Backup("c", 3.0, "written")
    assert newest_proven([second, third]) is None
    assert newest_proven([third, first, second]) == first
    assert unproven_since([first, second, third]) == (third, second)


def test_what_the_ledger_holds_is_read_back() -> None:
    spec = {"name": "shop", "target": {"provider": "local"}, "services": {"web": {"command": ["run"]}}}
    for rules in ({}, {"to": "/mnt/backups"}, {"to": "s3://backups", "keys": {"secret": "s3"}}):
        stack = Stack.model_validate({**spec, "backup": rules})
        assert stored(stack.model_dump(mode="json", by_alias=True)) == stack


def test_a_copy_has_no_public_service_and_no_port_of_its_source() -> None:
    spec = {
        "name": "shop",
        "target": {"provider": "local", "port": 8080, "public_port": 8443},
        "services": {"web": {"command": ["run"], "port": 80, "public": True}},
        "needs": {"database": {"engine": "postgres"}},
    }
    copy = copy_of(Stack.model_validate(spec), "shop-copy")
    assert (copy.name, copy.target.ports, copy.tls) == ("shop-copy", {}, None)
    assert not copy.services["web"].public
    assert copy.needs == Stack.model_validate(spec).needs
    with pytest.raises(SpecError):
        copy_of(Stack.model_validate(spec), "Shop copy")


@pytest.mark.parametrize(
    "target", [{"hosts": ["10.0.0.11", "10.0.0.12"], "key": "~/.ssh/shop", "public_port": 8080}, {"fleet": "shop"}]
)
def test_a_copy_on_a_fleet_stands_on_the_hosts_of_its_source(target: dict[str, Any]) -> None:
    spec = {"name": "shop", "target": {"provider": "swarm", **target}, "services": {"web": {"image": "shop:1"}}}
    copy = copy_of(Stack.model_validate(spec), "shop-copy").target
    assert copy == Swarm(provider="swarm", fleet="shop")
