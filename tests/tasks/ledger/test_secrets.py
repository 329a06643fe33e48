"""Secrets: versions, the key, and nothing in clear."""

import re
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from infra_specs.errors import LedgerError
from tasks.base.settings import Settings
from tasks.ledger import Lease, Ledger
from tasks.ledger.database import Database
from tasks.ledger.tables import metadata

VALUE = "sk_live_Zx81-ünïcode"


def test_versions_grow_and_old_ones_stay(ledger: Ledger) -> None:
    assert ledger.secrets.set("shop", "stripe", "old") == 1
    assert ledger.secrets.set("shop", "stripe", VALUE) == 2
    assert ledger.secrets.set("shop", "mail", "") == 1
    assert ledger.secrets.set("blog", "stripe", "of the blog") == 1
    assert ledger.secrets.versions("shop") == {"mail": 1, "stripe": 2}
    assert [ledger.secrets.value("shop", "stripe", version) for version in (1, 2)] == ["old", VALUE]
    assert ledger.secrets.value("shop", "mail", 1) == ""
    listed = ledger.secrets.newest("shop")
    assert [(secret.name, secret.version) for secret in listed] == [("mail", 1), ("stripe", 2)]
    assert VALUE not in repr(listed)


def test_bytes_stay_bytes(ledger: Ledger) -> None:
    data = b"\xef\xbb\xbf\x00\xff\r\n"
    ledger.secrets.set("shop", "store", data)
    ledger.secrets.set("shop", "store", "now a text")
    assert [ledger.secrets.value("shop", "store", version) for version in (1, 2)] == [data, "now a text"]


def test_a_removed_one_is_erased_and_its_numbers_are_not_used_again(ledger: Ledger) -> None:
    ledger.secrets.set("shop", "stripe", "old")
    ledger.secrets.set("shop", "stripe", "older")
    ledger.secrets.remove("shop", "stripe")
    assert ledger.secrets.versions("shop") == {}
    for version in (1, 2):
        with pytest.raises(LedgerError, match=f"shop has no secret `stripe v{version}`. Known: none yet"):
            ledger.secrets.value("shop", "stripe", version)
    with pytest.raises(LedgerError, match="no secret `stripe`"):
        ledger.secrets.remove("shop", "stripe")
    assert ledger.secrets.set("shop", "stripe", "new") == 3


def test_an_ensured_one_is_made_once(ledger: Ledger, lease: Lease) -> None:
    assert [ledger.secrets.ensure(lease, "shop", "database") for _ in range(2)] == [1, 1]
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", ledger.secrets.value("shop", "database", 1))
    ledger.secrets.set("shop", "database", "by hand")
    assert ledger.secrets.ensure(lease, "shop", "database") == 2


def test_nothing_is_in_clear(ledger: Ledger, lease: Lease, here: Settings, database: Database) -> None:
    ledger.secrets.set("shop", "stripe", VALUE)
    ledger.secrets.ensure(lease, "shop", "database")
    known = [VALUE, ledger.secrets.value("shop", "database", 1)]
    files = [file.read_bytes() for file in here.home.iterdir()]
    with database.read() as connection:
        rows = [str(connection.execute(sa.select(table)).all()) for table in metadata.sorted_tables]
    assert "stripe" in "".join(rows)
    for secret in known:
        assert not any(secret.encode() in data for data in files)
        assert secret not in "".join(rows)


def test_the_key_is_for_this_user_alone(ledger: Ledger, here: Settings) -> None:
    assert not here.key_file.exists()
    ledger.secrets.set("shop", "stripe", VALUE)
    assert stat.S_IMODE(here.key_file.stat().st_mode) == 0o600
    assert not list(here.home.glob(".key-*"))


@pytest.mark.parametrize("kind", ["gone", "another", "broken"])
def test_a_lost_key_is_said_and_no_second_one_used(ledger: Ledger, lease: Lease, here: Settings, kind: str) -> None:
    ledger.secrets.set("shop", "stripe", VALUE)
    right = here.key_file.read_bytes()
    _lose(here.key_file, kind)
    for use in (
        lambda: ledger.secrets.value("shop", "stripe", 1),
        lambda: ledger.secrets.set("shop", "stripe", "new"),
        lambda: ledger.secrets.ensure(lease, "shop", "database"),
    ):
        with pytest.raises(LedgerError, match="Put the right file back") as refused:
            use()
        assert VALUE not in str(refused.value)
    assert ledger.secrets.versions("shop") == {"stripe": 1}
    here.key_file.write_bytes(right)
    assert ledger.secrets.value("shop", "stripe", 1) == VALUE


def test_lost_for_good_the_secrets_are_removed_and_set_again(ledger: Ledger, here: Settings) -> None:
    ledger.secrets.set("shop", "stripe", VALUE)
    here.key_file.unlink()
    ledger.secrets.remove("shop", "stripe")
    assert ledger.secrets.set("shop", "stripe", "new") == 2
    assert ledger.secrets.value("shop", "stripe", 2) == "new"


def _lose(key_file: Path, kind: str) -> None:
    if kind == "gone":
        key_file.unlink()
    else:
        key_file.write_bytes(Fernet.generate_key() if kind == "another" else b"not a key")
