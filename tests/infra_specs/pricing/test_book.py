"""What one thing costs: by kind and size, and unknown where a size is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_specs.catalogue.desired import desired_state
from infra_specs.pricing.book import Rate, ResourceSize, book_of, read, size_of
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.target import TARGETS, Memory
from tests.infra_specs.stacks import a_stack

pytestmark = pytest.mark.pure

GB = 2**30
PAGE = {
    "source": "a cloud",
    "date": "2026-11-22",
    "prices": {
        "replica": {"memory_gb": 4, "cpu": 30},
        "database": {"each": 12, "memory_gb": 10, "storage_gb": 0.5},
        "volume": {"storage_gb": 0.1},
        "proxy": 16.2,
        "route": 0,
    },
}


@pytest.mark.parametrize(
    ("kind", "size", "price"),
    [
        ("proxy", ResourceSize(), 16.2),
        ("proxy", ResourceSize(memory=GB), 16.2),
        ("replica", ResourceSize(memory=GB // 2, cpus=0.25), 9.5),
        ("replica", ResourceSize(memory=GB), None),
        ("replica", ResourceSize(cpus=1), None),
        ("database", ResourceSize(memory=2 * GB, storage=100 * GB), 82),
        ("volume", ResourceSize(storage=50 * GB), 5),
        ("volume", ResourceSize(), None),
        ("cache", ResourceSize(memory=GB), None),
    ],
)
def test_a_price_is_by_kind_and_size_and_unknown_stays_unknown(
    kind: str, size: ResourceSize, price: float | None
) -> None:
    found = read(PAGE).price(kind, size)
    assert found == (price if price is None else pytest.approx(price))


@given(st.floats(0, 100), st.integers(0, 2**40), st.integers(0, 2**40))
def test_more_never_costs_less(memory_gb: float, one: int, more: int) -> None:
    rate = Rate(5, memory_gb=memory_gb)
    smaller, larger = rate.price(ResourceSize(one)), rate.price(ResourceSize(one + more))
    assert smaller is not None
    assert larger is not None
    assert 5 <= smaller <= larger


def test_a_price_that_no_size_changes_is_the_books_own_number() -> None:
    """It is shown as JSON, where 0 and 0.0 differ."""
    assert repr(read(PAGE).price("route", ResourceSize(memory=GB))) == "0"


def test_the_source_says_when() -> None:
    assert read(PAGE).source == "a cloud (2026-11-22)"


def test_the_size_of_each_thing_of_a_stack() -> None:
    stack = a_stack(
        target={"provider": "docker"},
        services={"web": {"image": "a", "port": 80, "memory": "512MB", "cpus": 0.5}},
        needs={"database": {"engine": "postgres", "memory": "1GB", "storage": "20GB"}},
    )
    made = desired_state(stack, size(stack), counts={}, secrets={}, source="/")
    sizes = {resource.address: size_of(stack, resource) for resource in made}
    assert sizes["replica/web-0"] == ResourceSize(memory=GB // 2, cpus=0.5)
    assert sizes["database/main"] == ResourceSize(memory=GB)
    assert sizes["volume/database"] == ResourceSize(storage=20 * GB)
    assert sizes["route/web"] == ResourceSize()


@pytest.mark.parametrize("provider", [target for target in TARGETS if target != "aws"])  # its prices are a list
def test_every_target_has_a_page(provider: str) -> None:
    hosts = {"hosts": ["10.0.0.11"]} if provider == "swarm" else {}
    target = a_stack(target={"provider": provider, **hosts}, services={"web": {"command": "a", "image": "b"}}).target
    assert book_of(target).rates["route"] == Rate(0)


def test_of_a_target_without_a_page_nothing_is_known() -> None:
    class Other(Memory):
        provider: str = "other-cloud"  # type: ignore[assignment]

    assert book_of(Other(provider="other-cloud")).price("replica", ResourceSize()) is None  # type: ignore[arg-type]
    own = book_of(Other(provider="other-cloud", price_per_replica=3))  # type: ignore[arg-type]
    assert (own.price("replica", ResourceSize()), own.price("service", ResourceSize())) == (3, 3)
