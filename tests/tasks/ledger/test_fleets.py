"""Fleets in the ledger: their hosts, their lock, their history, and the stacks that stand on them."""

from typing import Any

import pytest
import sqlalchemy as sa

from infra_specs.errors import Fenced, LedgerError, LockHeld, PlanError
from infra_specs.stackfile.models.hosts import FleetHosts, Host, JumpHost
from infra_specs.stackfile.models.target import Swarm
from tasks.ledger import Lease, Ledger, Owner
from tasks.ledger.database import Database

FIRST, SECOND = Host(address="10.0.0.11"), Host(address="10.0.0.12", port=2222, jump=JumpHost(address="10.0.0.1"))
SHOP = FleetHosts("shop", (FIRST, SECOND), "~/.ssh/shop")
PLAN = {"summary": "", "waves": [], "kept": []}


@pytest.fixture
def held(ledger: Ledger, me: Owner) -> Lease:
    return ledger.fleets.acquire("shop", me, 600)


def on_hosts(name: str, **target: Any) -> dict[str, Any]:
    web = {"image": "registry.example.com/shop:1", "port": 8000}
    return {"name": name, "target": {"provider": "swarm", **target}, "services": {"web": web}}


def test_a_fleet_is_kept_until_it_is_forgotten(ledger: Ledger, held: Lease) -> None:
    assert ledger.fleets.find("shop") is None
    ledger.fleets.put(held, SHOP)
    smaller = FleetHosts("shop", (FIRST,), None, (SECOND,))
    assert ledger.fleets.find("shop") == SHOP
    ledger.fleets.put(held, smaller)
    assert ledger.fleets.all() == (smaller,)
    ledger.fleets.forget(held)
    assert ledger.fleets.all() == ()


def test_it_is_due_once_nobody_looked_for_a_while(ledger: Ledger, held: Lease) -> None:
    assert not ledger.fleets.is_due("shop", 0.0)
    ledger.fleets.put(held, SHOP)
    assert ledger.fleets.is_due("shop", 600.0)
    ledger.fleets.mark_looked(held)
    assert not ledger.fleets.is_due("shop", 600.0)
    assert ledger.fleets.is_due("shop", 0.0)


def test_its_lock_is_no_lock_of_the_stack_of_its_name(ledger: Ledger, held: Lease, me: Owner) -> None:
    assert ledger.locks.holder("shop") is None
    stack = ledger.locks.acquire("shop", me, 600)
    with pytest.raises(LockHeld, match="the fleet shop is being changed by provision"):
        ledger.fleets.acquire("shop", me, 600)
    ledger.locks.release(stack)
    ledger.locks.check(held)
    ledger.locks.release(held)
    later = ledger.fleets.acquire("shop", me, 600)
    with pytest.raises(Fenced, match="the fleet shop: this provision no longer has the lock"):
        ledger.fleets.put(held, SHOP)
    ledger.fleets.put(later, SHOP)


def test_its_runs_are_no_runs_of_the_stack_of_its_name(ledger: Ledger, held: Lease, me: Owner) -> None:
    stack = ledger.locks.acquire("shop", me, 600)
    of_stack = ledger.runs.begin(stack, "provision", "asked for", PLAN)
    of_fleet = ledger.runs.begin(held, "provision", "asked for", PLAN)
    change = {"action": "create", "address": "engine/10.0.0.11", "reason": "missing", "text": "+"}
    made = ledger.runs.intend(held, of_fleet, change)
    with pytest.raises(LedgerError):
        ledger.runs.outcome(stack, made, "done", "", 0.1)
    ledger.runs.outcome(held, made, "done", "", 0.1)
    assert [run.id for run in ledger.runs.history("shop", 9)] == [of_stack]
    (run,) = ledger.runs.history("shop", 9, "fleet")
    assert (run.id, run.kind, run.changes[0].state) == (of_fleet, "fleet", "done")
    assert ledger.runs.attempts("shop") == ()
    ledger.stacks.forget(stack)
    assert ledger.runs.get(of_fleet).state == "running"


def test_who_takes_it_over_ends_its_open_runs_and_no_others(ledger: Ledger, me: Owner, gone: Owner) -> None:
    dead = ledger.fleets.acquire("shop", gone, 600)
    cut_off = ledger.runs.begin(dead, "provision", "asked for", PLAN)
    stack = ledger.locks.acquire("shop", me, 600)
    assert ledger.runs.get(cut_off).state == "running"
    going_on = ledger.runs.begin(stack, "provision", "asked for", PLAN)
    ledger.fleets.acquire("shop", me, 600)
    assert ledger.runs.get(cut_off).state == "crashed"
    assert ledger.runs.get(going_on).state == "running"


@pytest.mark.parametrize("target", [{"hosts": ["10.0.0.11"]}, {"fleet": "shop"}])
def test_a_stack_is_read_with_its_fleet(ledger: Ledger, held: Lease, me: Owner, target: dict[str, Any]) -> None:
    name = "shop" if "hosts" in target else "blog"
    lease = ledger.locks.acquire(name, me, 600)
    ledger.stacks.set_desired(lease, name, on_hosts(name, **target), "/srv")

    def on() -> Swarm:
        (record,) = ledger.stacks.all()
        read = record.stack().target
        assert isinstance(read, Swarm)
        return read

    with pytest.raises(PlanError, match="There is no fleet"):
        _ = on().placed
    ledger.fleets.put(held, SHOP)
    assert on().placed == SHOP
    assert set(on().model_dump(mode="json", exclude_unset=True)) == {"provider", *target}


def test_a_fleet_that_cannot_be_read_says_so(ledger: Ledger, held: Lease, database: Database) -> None:
    ledger.fleets.put(held, SHOP)
    with database.write() as connection:
        connection.execute(sa.text("UPDATE fleets SET hosts = '[{\"address\": 5}]'"))
    with pytest.raises(LedgerError, match="The hosts of the fleet shop cannot be read"):
        ledger.fleets.find("shop")
