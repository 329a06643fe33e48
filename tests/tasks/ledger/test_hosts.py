"""Who has which host: claimed with the desired spec or not at all, freed by a teardown, and never two stacks'."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from infra_specs.errors import PlanError
from infra_specs.sharing.claims import Claims, HostClaim
from tasks.base.settings import Settings
from tasks.ledger import Ledger, Owner
from tasks.ledger.database import Database
from tests.tasks.ledger.older import make_older


def claims(stack: str, *hosts: str, ports: tuple[int, ...] = (443,)) -> Claims:
    made = (HostClaim("local", port, host, stack, "https") for port in ports for host in hosts)
    return Claims(tuple(sorted(made)))


def desire(ledger: Ledger, me: Owner, own: Claims, name: str = "") -> None:
    name = name or own.hosts[0].stack
    spec = {"name": name, "target": {"provider": "local"}}
    lease = ledger.locks.acquire(name, me, 600)
    try:
        ledger.stacks.set_desired(lease, name, spec, "/srv", claims=own)
    finally:
        ledger.locks.release(lease)


def take_down(ledger: Ledger, me: Owner, name: str) -> None:
    lease = ledger.locks.acquire(name, me, 600)
    ledger.stacks.mark_torn_down(lease)
    ledger.locks.release(lease)


def test_hosts_are_written_with_the_spec_and_freed_by_a_teardown(ledger: Ledger, me: Owner) -> None:
    desire(ledger, me, claims("shop", "a.example.com", "b.example.com"))
    desire(ledger, me, claims("shop", "a.example.com"))
    assert ledger.hosts.read().claims == claims("shop", "a.example.com").hosts
    assert ledger.stacks.read("blog").hosts.of_others("blog") == claims("shop", "a.example.com").hosts
    take_down(ledger, me, "shop")
    assert ledger.hosts.read().claims == ()


def test_a_host_of_another_stack_is_refused_and_nothing_is_written(ledger: Ledger, me: Owner) -> None:
    desire(ledger, me, claims("shop", "a.example.com"))
    with pytest.raises(PlanError, match=r"a\.example\.com is shop's already"):
        desire(ledger, me, claims("blog", "a.example.com"))
    assert ledger.stacks.find("blog") is None
    take_down(ledger, me, "shop")
    desire(ledger, me, claims("blog", "a.example.com"))


def test_a_port_is_the_fronts_from_the_second_stack_to_the_last(ledger: Ledger, me: Owner) -> None:
    desire(ledger, me, claims("shop", "a.example.com", ports=(80, 443)))
    assert ledger.hosts.read().shared == frozenset()
    desire(ledger, me, claims("blog", "b.example.com"))
    assert ledger.hosts.read().shared == {("local", 443)}
    take_down(ledger, me, "blog")
    assert ledger.hosts.read().shared == {("local", 443)}, "to hand it back would cost requests"
    desire(ledger, me, Claims(), "shop")
    assert ledger.hosts.read().shared == frozenset()


def test_a_repair_claims_what_is_free(ledger: Ledger, me: Owner) -> None:
    desire(ledger, me, claims("shop", "a.example.com"))
    lease = ledger.locks.acquire("blog", me, 600)
    ledger.hosts.claim_free(lease, claims("blog", "a.example.com", "b.example.com"))
    assert ledger.hosts.read().of("blog") == claims("blog", "b.example.com").hosts


def test_of_many_who_claim_one_host_at_once_one_has_it(here: Settings, ledger: Ledger, me: Owner) -> None:
    def claim(number: int) -> bool:
        with Ledger.open(here) as own:
            try:
                desire(own, me, claims(f"stack{number}", "a.example.com"))
            except PlanError:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(claim, range(4))) == 1
    assert len(ledger.hosts.read().claims) == 1


def _old_spec(host: str, target: dict[str, Any], tls: Any = None) -> dict[str, Any]:
    web = {"public": True, "port": 8000, "route": {"host": host}}
    inner = {"public": False, "port": 8000, "route": {"host": "inner.example.com"}}
    return {"target": target, "services": {"web": web, "inner": inner}, "tls": tls}


def test_stacks_of_an_older_ledger_keep_their_hosts(here: Settings, ledger: Ledger, database: Database) -> None:
    me, ports = Owner.here("provision"), {"provider": "docker", "host": None, "public_port": 8443}
    specs = {
        "blog": _old_spec("b.example.com", {"provider": "local", "public_port": None}, {"email": "ops@example.com"}),
        "free": _old_spec("f.example.com", {"provider": "local", "public_port": None}),
        "shop": _old_spec("s.example.com", ports, {"certificate": "c", "key": "k", "redirect": None, "email": None}),
        "odd": {"target": {"provider": "local"}},
    }
    for name, spec in specs.items():
        ledger.stacks.set_desired(ledger.locks.acquire(name, me, 600), name, spec, "/srv")
    with database.write() as connection:
        make_older(connection, "0011")
    with Ledger.open(here) as migrated:
        known = migrated.hosts.read()
    assert known.claims == (
        HostClaim("docker", 8443, "s.example.com", "shop", "https"),
        HostClaim("local", 80, "b.example.com", "blog", "http"),
        HostClaim("local", 443, "b.example.com", "blog", "https"),
    )
    assert known.shared == frozenset()
