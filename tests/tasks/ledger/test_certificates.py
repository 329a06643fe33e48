"""What is known of fetched certificates, kept by stack and host."""

import pytest
import sqlalchemy as sa

from infra_specs.certificates.host_certificate import HostCertificate, Order
from infra_specs.errors import Fenced
from tasks.ledger import Lease, Ledger, Owner
from tasks.ledger.database import Database

ORDER = Order("https://ca.example.com/order/1", "token", "token.thumb", 1, "tls-account-1")
SHOP = HostCertificate("shop.example.com", "https://ca.example.com/directory", 2, 1.5, 2.5, 1.6, 3, order=ORDER)


def test_each_host_has_one_and_the_newest_counts(ledger: Ledger, lease: Lease) -> None:
    ledger.certificates.put(lease, HostCertificate("shop.example.com"))
    ledger.certificates.put(lease, SHOP)
    ledger.certificates.put(lease, HostCertificate("blog.example.com"))
    assert ledger.certificates.of("shop") == {
        "blog.example.com": HostCertificate("blog.example.com"),
        "shop.example.com": SHOP,
    }
    assert ledger.certificates.of("other") == {}
    assert ledger.stacks.read("shop").certificates["shop.example.com"] == SHOP
    ledger.stacks.forget(lease)
    assert ledger.certificates.of("shop") == {}


def test_who_lost_the_lock_writes_nothing(ledger: Ledger, lease: Lease, me: Owner) -> None:
    ledger.locks.release(lease)
    ledger.locks.acquire("shop", me, 600)
    with pytest.raises(Fenced):
        ledger.certificates.put(lease, SHOP)
    assert ledger.certificates.of("shop") == {}


def test_a_row_that_cannot_be_read_is_as_none(ledger: Ledger, lease: Lease, database: Database) -> None:
    ledger.certificates.put(lease, SHOP)
    with database.write() as connection:
        connection.execute(sa.text("UPDATE certificates SET state = '{\"host\": 5}'"))
    assert ledger.certificates.of("shop") == {}
