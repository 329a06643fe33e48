"""What a reference stands for while a run is under way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra_specs.errors import LedgerError, ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Ref, SecretRef
from tasks.base.settings import Settings
from tasks.ledger import Ledger, Owner
from tasks.providers.memory import MemoryProvider
from tasks.run.context import RunContext, current, use


@pytest.fixture
def place(tmp_path: Path) -> Iterator[RunContext]:
    with Ledger.open(Settings(home=tmp_path)) as ledger:
        lease = ledger.locks.acquire("shop", Owner.here("provision"), 60)
        yield RunContext(MemoryProvider(tmp_path / "memory"), ledger, lease)


def database(port: str) -> Instance:
    health = Health("healthy", "answers", 0.0)
    return Instance("shop", "database/main", "database", "f", 1, health, outputs={"port": port})


def test_a_ref_is_what_is_known_of_its_instance(place: RunContext) -> None:
    place.instances["database/main"] = database("5432")
    assert place.value_of(Ref("database/main", "port")) == "5432"


@pytest.mark.parametrize("ref", [Ref("database/main", "host"), Ref("cache/main", "port")])
def test_a_ref_to_nothing_says_so(place: RunContext, ref: Ref) -> None:
    place.instances["database/main"] = database("5432")
    with pytest.raises(ProviderError, match=rf"{ref} is not known: {ref.address} does not run"):
        place.value_of(ref)


def test_a_secret_is_the_version_that_is_named(place: RunContext) -> None:
    place.ledger.secrets.set("shop", "stripe", "one")
    place.ledger.secrets.set("shop", "stripe", "two")
    place.ledger.secrets.set("blog", "stripe", "theirs")
    assert [place.value_of(SecretRef("stripe", version)) for version in (1, 2)] == ["one", "two"]
    with pytest.raises(LedgerError, match="stripe v3"):
        place.value_of(SecretRef("stripe", 3))


def test_what_an_app_prints_shows_no_secret(place: RunContext) -> None:
    place.ledger.secrets.set("shop", "stripe", "sk_live_1")
    assert place.redacted("cannot log in with sk_live_1: 401") == "cannot log in with [secret stripe]: 401"


def test_the_site_is_that_of_the_block(place: RunContext) -> None:
    with use(place):
        assert current() is place
    with pytest.raises(LookupError):
        current()
