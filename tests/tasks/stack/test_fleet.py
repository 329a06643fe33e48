"""The fleet of a stack, where something of it in the ledger cannot be read."""

from typing import Any

import pytest
import sqlalchemy as sa

from infra_specs.errors import SpecError
from infra_specs.stackfile.models.hosts import FleetHosts, Host
from infra_specs.stackfile.models.target import Swarm
from infra_specs.stackfile.reading.load import stored
from tasks.base.settings import Settings
from tasks.ledger import Lease, Ledger, Owner
from tasks.ledger.database import Database
from tasks.stack.fleet import fleet_of, names_on, placed, recorded_fleet

HOSTS = ["10.0.0.11", "10.0.0.12"]
SHOP = FleetHosts("shop", tuple(Host(address=host) for host in HOSTS))


def spec(name: str, **target: Any) -> dict[str, Any]:
    web = {"image": "registry.example.com/shop:1", "port": 8000, "public": True}
    return {"name": name, "target": {"provider": "swarm", **target}, "services": {"web": web}}


@pytest.fixture
def database(ledger: Ledger, tmp_path: Any) -> Any:
    opened = Database(Settings(home=tmp_path).ledger_url)
    yield opened
    opened.close()


@pytest.fixture
def shop(ledger: Ledger, lease: Lease) -> None:
    """A fleet, the stack that lists its hosts, and another one on it."""
    ledger.stacks.set_desired(lease, "shop", spec("shop", hosts=HOSTS), "/srv")
    blog = ledger.locks.acquire("blog", Owner.here("provision"), 60)
    ledger.stacks.set_desired(blog, "blog", spec("blog", fleet="shop", public_port=8080), "/srv")
    ledger.fleets.put(ledger.fleets.acquire("shop", Owner.here("provision"), 60), SHOP)


def broken(database: Database, text: str) -> None:
    with database.write() as connection:
        connection.execute(sa.text(text))


UNREADABLE_SPECS = {
    "no JSON": "'{'",
    "keys of another version": """'{"name": "blog", "target": {"provider": "swarm", "fleet": "shop", "new": 1}}'""",
    "no mapping": "'[]'",
}


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("content", UNREADABLE_SPECS.values(), ids=UNREADABLE_SPECS)
def test_a_stack_that_cannot_be_read_stands_on_its_fleet_all_the_same(
    ledger: Ledger, database: Database, content: str
) -> None:
    broken(database, f"UPDATE stacks SET spec = {content} WHERE name = 'blog'")
    assert names_on(ledger, "shop") == ("blog", "shop")
    for look in (lambda: recorded_fleet(ledger, "shop"), lambda: fleet_of(ledger, stored(spec("shop", hosts=HOSTS)))):
        with pytest.raises(SpecError, match=r"blog: its spec in the ledger .* Provision it from its file again"):
            look()
    again = fleet_of(ledger, stored(spec("blog", fleet="shop", public_port=8080)))
    assert (again.hosts, again.public) == (SHOP, (80, 8080))


@pytest.mark.usefixtures("shop")
def test_a_stack_of_another_fleet_that_cannot_be_read_is_in_nobodys_way(ledger: Ledger, database: Database) -> None:
    broken(database, """UPDATE stacks SET spec = '{"target": {"fleet": "wiki"}}' WHERE name = 'blog'""")
    assert names_on(ledger, "shop") == ("shop",)
    assert recorded_fleet(ledger, "shop").hosts == SHOP


@pytest.mark.usefixtures("shop")
def test_a_fleet_that_cannot_be_read_is_mended_by_a_provision_and_in_no_other_stacks_way(
    ledger: Ledger, database: Database
) -> None:
    broken(database, "UPDATE fleets SET hosts = '{'")
    assert [record.name for record in ledger.stacks.all()] == ["blog", "shop"]
    wanted = fleet_of(ledger, stored(spec("shop", hosts=HOSTS)))
    assert wanted.hosts == SHOP
    assert wanted.recorded == set(HOSTS), "its hosts bear its mark, and it is ours"


@pytest.mark.usefixtures("shop")
def test_a_file_that_lists_a_host_no_more_lets_it_leave(ledger: Ledger) -> None:
    """So a plan sees what runs there, and that it moves."""
    target = placed(ledger, stored(spec("shop", hosts=[*HOSTS[1:], "10.0.0.13"]))).target
    assert isinstance(target, Swarm)
    assert [host.name for host in target.placed.hosts] == ["10.0.0.12", "10.0.0.13"]
    assert [host.name for host in target.placed.leaving] == ["10.0.0.11"]
