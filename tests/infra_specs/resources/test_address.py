"""Addresses: each is read as what was written, whatever the names of services are like."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_specs.catalogue.desired import desired_state
from infra_specs.resources.address import BEFORE, CANARY, FILES, RUN, Address, prefix_of
from infra_specs.resources.services import service_of
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.service import NAME_PATTERN
from infra_specs.stackfile.models.volumes import VOLUME_PATTERN
from tests.infra_specs.stacks import a_stack

pytestmark = pytest.mark.pure

names = st.one_of(
    st.sampled_from(
        ["web", "web-0", "web-admin", "web-0-1", "a--b", "web-", "web-canary", "a-0-canary", "run", "run-1"]
    ),
    st.from_regex(NAME_PATTERN, fullmatch=True).map(lambda name: name.rstrip("\n")),
)
volumes = st.from_regex(VOLUME_PATTERN, fullmatch=True).map(lambda name: name.rstrip("\n"))
addresses = st.one_of(
    st.builds(Address, st.just("replica"), names, st.one_of(st.integers(0, 10_000), st.just(CANARY))),
    st.builds(Address, st.just("route"), names, st.sampled_from([None, FILES])),
    st.builds(Address, st.just("files"), names),
    st.builds(Address, st.just("volume"), names, volumes),
    st.builds(Address, st.just("job"), st.just(BEFORE), names),
    st.builds(Address, st.just("job"), st.just(RUN), st.from_regex("[0-9a-f]{8}", fullmatch=True)),
    st.sampled_from([Address("database", "main"), Address("cache", "main"), Address("proxy", "main")]),
    st.just(Address("volume", "database")),
    st.builds(Address, st.just("service"), names, st.sampled_from([None, CANARY])),
)


@given(addresses)
def test_what_is_written_is_read(address: Address) -> None:
    assert Address.parse(str(address)) == address


@given(addresses, addresses)
def test_two_addresses_never_read_alike(first: Address, second: Address) -> None:
    assert (str(first) == str(second)) == (first == second)
    assert (first.joined("-") == second.joined("-")) == (first == second)
    assert (first.joined(".") == second.joined(".")) == (first == second)


@given(st.text(max_size=30))
def test_a_text_is_read_as_itself_or_refused(text: str) -> None:
    try:
        address = Address.parse(text)
    except ValueError:
        return
    assert str(address) == text


@pytest.mark.parametrize(
    ("text", "kind", "name", "slot", "short"),
    [
        ("replica/web-0", "replica", "web", 0, "web-0"),
        ("replica/web-10", "replica", "web", 10, "web-10"),
        ("replica/web-0-1", "replica", "web-0", 1, "web-0-1"),
        ("replica/web-admin-2", "replica", "web-admin", 2, "web-admin-2"),
        ("replica/a--b-3", "replica", "a--b", 3, "a--b-3"),
        ("replica/web--4", "replica", "web-", 4, "web--4"),
        ("replica/web-canary", "replica", "web", CANARY, "web-canary"),
        ("replica/web-canary-0", "replica", "web-canary", 0, "web-canary-0"),
        ("route/web-0", "route", "web-0", None, "web-0"),
        ("route/web.files", "route", "web", FILES, "web.files"),
        ("files/web-0", "files", "web-0", None, "web-0"),
        ("database/main", "database", "main", None, "main"),
        ("volume/database", "volume", "database", None, "database"),
        ("volume/web-0.data-x", "volume", "web-0", "data-x", "web-0.data-x"),
        ("job/before-web-0", "job", BEFORE, "web-0", "before-web-0"),
        ("job/run-7f3a0c11", "job", RUN, "7f3a0c11", "run-7f3a0c11"),
        ("service/web", "service", "web", None, "web"),
        ("service/web-0", "service", "web-0", None, "web-0"),
        ("service/web-canary", "service", "web-canary", None, "web-canary"),
        ("service/web.canary", "service", "web", CANARY, "web.canary"),
    ],
)
def test_its_parts(text: str, kind: str, name: str, slot: int | str | None, short: str) -> None:
    address = Address.parse(text)
    assert (address.kind, address.name, address.slot, address.short) == (kind, name, slot, short)


@pytest.mark.parametrize(
    "text",
    ["", "web", "/", "replica/", "/web-0", "replica/web", "replica/-0", "replica/web-", "replica/web-01",
     "replica/web--", "replica/web-x", "replica/a/b-0", "replica/web-0#2", "volume/.x", "volume/x.",
     "service/web.0", "service/web.", "service/.canary", "route/web.0", "route/web.canary", "route/.files",
     "job/-x", "job/x-",
     "Replica/web-0", "replica/web-٣", "replica/web-0\n"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no address: it must be a kind and a name"):
        Address.parse(text)


@pytest.mark.parametrize(
    "parts", [("replica", "web"), ("replica", "web", -1), ("route", "web", 0), ("volume", "a.b", "c"),
              ("job", "a-b", "c"), ("replica", "web", "0"), ("replica", "web", True)]
)  # fmt: skip
def test_what_would_be_read_as_another_is_not_made(parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="is no address"):
        Address(*parts)


@pytest.mark.parametrize("service", ["web", "web-0", "web-admin", "web-0-1", "a--b"])
def test_replicas_belong_to_one_service(service: str) -> None:
    services = {name: {"command": "run", "replicas": 2} for name in ("web", "web-0", "web-admin", "web-0-1", "a--b")}
    stack = a_stack(services=services)
    wanted = desired_state(stack, size(stack), counts={}, secrets={}, source="/srv")
    mine = [resource for resource in wanted if service_of(resource.address) == service]
    assert [resource.settings["service"] for resource in mine] == [service] * 2
    assert service_of(str(Address("replica", service, CANARY))) == service
    assert service_of(f"route/{service}") is None
    assert service_of("no address") is None


def test_in_order_two_comes_before_ten() -> None:
    texts = ["replica/web-10", "replica/web-2", "database/main", "replica/web-canary", "replica/web-admin-1"]
    parsed = sorted(map(Address.parse, texts), key=lambda address: address.order)
    assert [str(address) for address in parsed] == [
        "database/main", "replica/web-2", "replica/web-10", "replica/web-admin-1", "replica/web-canary",
    ]  # fmt: skip


def test_the_prefix_is_that_of_one_kind() -> None:
    assert str(Address("replica", "web", 0)).startswith(prefix_of("replica"))


glued_or_taken_apart = re.compile(
    r"""(removeprefix|startswith|endswith)\(f?["'](replica|service|route|volume|job|database|cache|proxy)/"""
    r"""|f["'](replica|service|route|volume|job|database|cache|proxy)/"""
    r"""|address\.(partition|rpartition|split|rsplit|replace|removeprefix|removesuffix|startswith|endswith)\("""
    r"""|key\[0\]\.(partition|rpartition|split|startswith)"""
)


@pytest.mark.parametrize("floor", ["infra_specs", "tasks", "flows", "deployments", "benchmarks"])
def test_nobody_else_takes_an_address_apart_or_glues_one_together(floor: str) -> None:
    root = Path(__file__).parents[3]
    files = [path for path in (root / floor).rglob("*.py") if path.name != "address.py"]
    assert files
    matches = [f"{path.relative_to(root)}: {match[0]}" for path in files
             if (match := glued_or_taken_apart.search(path.read_text(encoding="utf-8")))]  # fmt: skip
    # A database's own search begins with `prefix_of`, and the parts of a socket's address are no business of ours.
    assert [
        match_text
        for match_text in matches
        if "envoy/files.py" not in match_text and "ledger/startup_times.py" not in match_text
    ] == []
