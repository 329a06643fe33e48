"""Fetched certificates in tests of flows: a spec, an authority of the test's own, and names that lead to loopback."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import tasks.certificates.asking as asking
import tasks.certificates.authority as authorities
import tasks.certificates.fetch as fetch
from infra_specs.certificates.host_certificate import HostCertificate
from tasks.base.settings import settings
from tasks.ledger import Ledger, Owner
from tests.support.certificates import authority

SHOP, BLOG = "shop.example.com", "blog.example.com"
DIRECTORY = "https://ca.example.com/directory"


def spec(*hosts: str, directory: str = DIRECTORY, **tls: Any) -> dict[str, Any]:
    """A stack on the memory target with a public service for each host."""
    services = {
        host.partition(".")[0]: {"command": "run", "port": 80, "public": True, "route": {"host": host}}
        for host in hosts or (SHOP,)
    }
    return {
        "name": "shop",
        "target": {"provider": "memory"},
        "services": services,
        "tls": {"email": "ops@example.com", "directory": directory, **tls},
    }


@dataclass
class TestAuthority:
    """An authority in this process. It signs by the clock of the test, and fails as it is told."""

    __test__ = False
    orders: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    ahead: float = 0.0
    """Seconds by which its clock is ahead of the test's."""
    fails: Callable[[str], None] = lambda step: None
    """Called with each step, to raise what the authority should."""

    def opened(self, directory: str, email: str, account_key: str) -> "TestAuthority":
        self.fails("account")
        return self

    def order(self, host: str) -> authorities.NewOrder:
        self.fails("order")
        self.orders.append(host)
        number = len(self.orders)
        return authorities.NewOrder(f"order-{number}", f"token-{number}", f"token-{number}.thumb")

    def advance(self, url: str, host: str, key: str) -> str | None:
        self.fails("advance")
        if url not in self.told:
            self.told.append(url)
            return None
        private: Any = load_pem_private_key(key.encode(), None)
        chain, _ = authority(datetime.fromtimestamp(fetch.now() + self.ahead, UTC)).issue(
            host, key=private, since_days=0
        )
        return chain


@pytest.fixture
def signs(monkeypatch: pytest.MonkeyPatch) -> TestAuthority:
    """The authority of every run in this test; each name leads here, as far as `asked` is not told otherwise."""
    ours = TestAuthority()
    monkeypatch.setattr(authorities, "Authority", ours.opened)
    monkeypatch.setattr(fetch, "ask_name", lambda host, token, answer: ours.fails("name"))
    monkeypatch.setattr(fetch, "DECIDING_DELAYS", (0.0,) * 5)
    return ours


def known(stack: str = "shop") -> dict[str, HostCertificate]:
    with Ledger.open(settings()) as ledger:
        return dict(ledger.certificates.of(stack))


def aged(stack: str, host: str) -> None:
    """Have the ledger take the certificate of this host for one that is nearly at its end."""
    with Ledger.open(settings()) as ledger:
        state = ledger.certificates.of(stack)[host]
        lease = ledger.locks.acquire(stack, Owner.here("provision"), 60)
        ledger.certificates.put(lease, replace(state, since=0.0, fetched_at=None))
        ledger.locks.release(lease)


def secrets(stack: str = "shop") -> dict[str, int]:
    with Ledger.open(settings()) as ledger:
        return ledger.secrets.versions(stack)


@contextmanager
def leading_here(monkeypatch: pytest.MonkeyPatch, port: int) -> Iterator[None]:
    """Names of example.com lead to loopback, and are asked at this port."""
    resolve = socket.getaddrinfo

    def resolved(host: Any, *args: Any, **kwargs: Any) -> Any:
        return resolve("127.0.0.1" if str(host).endswith("example.com") else host, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", resolved)
        patch.setattr(asking, "HTTP_PORT", port)
        yield


def digests(home: Any) -> dict[str, Any]:
    """Setting -> its digest, of the one proxy in the memory world."""
    (proxy,) = [one for one in json.loads((home / "memory" / "world.json").read_text()) if one["kind"] == "proxy"]
    return dict(proxy["digests"])
