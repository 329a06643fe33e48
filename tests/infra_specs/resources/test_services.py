"""Which service an address belongs to, how many copies are desired, and how many serve."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_specs.resources.instance import Health, Instance, Member, State
from infra_specs.resources.resource import Ref, Resource, SecretRef
from infra_specs.resources.services import (
    addresses,
    answering_endpoints,
    canary_beside,
    copies,
    desired_copies,
    endpoints,
    holds_copies,
    is_canary,
    is_new_release,
    service_of,
    serving_copies,
    serving_endpoints,
)
from infra_specs.stackfile.models.service import NAME_PATTERN

pytestmark = pytest.mark.pure

names = st.from_regex(NAME_PATTERN, fullmatch=True).map(lambda name: name.rstrip("\n")) | st.sampled_from(
    ["web", "web-0", "web-canary", "canary", "a--b", "web-"]
)


def replica(service: str, slot: int, **settings: object) -> Resource:
    env = {"TENFOLD_SERVICE": service, "TENFOLD_REPLICA": f"{service}-{slot}"}
    return Resource("shop", f"replica/{service}-{slot}", "replica", {"service": service, "env": env, **settings})  # type: ignore[dict-item]


def counted(service: str, count: int, image: str = "app:1") -> Resource:
    settings = {"service": service, "count": count, "image": image, "env": {"TENFOLD_SERVICE": service}}
    return Resource("shop", f"service/{service}", "service", settings, mutable=("count",))  # type: ignore[arg-type]


def instance(resource: Resource, state: State = "healthy", *members: Member, incarnation: int = 1) -> Instance:
    outputs = {"endpoint": f"{resource.address}#{incarnation}:80"} if holds_copies(resource.kind) else {}
    return Instance(
        "shop", resource.address, resource.kind, resource.fingerprint, incarnation, Health(state, "", 0.0),
        digests=resource.digests, outputs=outputs, members=members,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("address", "service", "canary"),
    [
        ("replica/web-0", "web", False),
        ("replica/web-admin-12", "web-admin", False),
        ("replica/web-canary", "web", True),
        ("replica/web-canary-0", "web-canary", False),
        ("service/web", "web", False),
        ("service/web-admin", "web-admin", False),
        ("service/web-canary", "web-canary", False),
        ("service/web.canary", "web", True),
        ("route/web", None, False),
        ("volume/web.data", None, False),
        ("job/before-web", None, False),
        ("database/main", None, False),
        ("no address", None, False),
        ("", None, False),
    ],
)
def test_whose_an_address_is(address: str, service: str | None, canary: bool) -> None:
    assert (service_of(address), is_canary(address)) == (service, canary)


@given(names, st.integers(0, 40), st.booleans())
def test_every_copy_is_at_an_address_of_its_own_service(service: str, count: int, counts: bool) -> None:
    named = addresses(service, count, counted=counts)
    assert [service_of(str(address)) for address in named] == [service] * (1 if counts else count)
    assert len(set(named)) == len(named)
    assert endpoints(service, count, counted=counts) == [Ref(str(address), "endpoint") for address in named]
    assert not any(is_canary(str(address)) for address in named)


@pytest.mark.parametrize(
    ("resources", "desired"),
    [
        ((), {}),
        ((replica("web", 0), replica("web", 1), replica("web-admin", 0)), {"web": 2, "web-admin": 1}),
        ((counted("web", 7), counted("jobs", 0)), {"web": 7, "jobs": 0}),
        ((counted("web", 7), canary_beside(counted("web", 7))), {"web": 7}),
        ((replica("web", 0), canary_beside(replica("web", 0))), {"web": 1}),
        ((Resource("shop", "database/main", "database"),), {}),
    ],
)
def test_how_many_are_desired(resources: tuple[Resource, ...], desired: dict[str, int]) -> None:
    assert desired_copies(resources) == desired


@given(names, st.integers(0, 30))
def test_both_forms_desire_as_many(service: str, count: int) -> None:
    slots = desired_copies([replica(service, slot) for slot in range(count)]).get(service, 0)
    assert desired_copies([counted(service, count)])[service] == slots == count


TWO = (Member("a", "10.0.0.1:80"), Member("b", "10.0.0.2:80", healthy=False), Member("c", "10.0.0.3:80"))


@pytest.mark.parametrize(
    ("instances", "serving"),
    [
        ((instance(replica("web", 0)), instance(replica("web", 1), "starting"), instance(replica("web", 2), "failed")),
         {"web": 1}),
        ((instance(counted("web", 3), "starting", *TWO),), {"web": 2}),
        ((instance(counted("web", 3), "failed", *TWO),), {"web": 0}),
        ((instance(counted("web", 3), "ending", *TWO),), {"web": 0}),
        ((instance(counted("web", 3), "healthy", *TWO), instance(counted("web", 3, "b"), "starting", incarnation=2)),
         {"web": 2}),
        ((instance(canary_beside(counted("web", 3)), "healthy", *TWO[:1]),), {}),
        ((instance(Resource("shop", "database/main", "database")),), {}),
    ],
)  # fmt: skip
def test_how_many_serve(instances: tuple[Instance, ...], serving: dict[str, int]) -> None:
    assert serving_copies(instances) == serving


def test_requests_are_counted_by_copy_or_by_service() -> None:
    whole = instance(counted("web", 3), "healthy", *TWO)
    assert serving_endpoints(whole) == ("10.0.0.1:80", "10.0.0.3:80")
    assert answering_endpoints(whole) == {"service/web#1:80", "10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"}
    assert answering_endpoints(instance(replica("web", 0))) == {"replica/web-0#1:80"}
    assert answering_endpoints(instance(Resource("shop", "volume/database", "volume"))) == frozenset()


@pytest.mark.parametrize(
    ("was", "now", "new"),
    [
        (counted("web", 3), counted("web", 3), False),
        (counted("web", 3), counted("web", 4), False),
        (counted("web", 3), counted("web", 3, "app:2"), True),
        (counted("web", 3), counted("web", 4, "app:2"), True),
        (replica("web", 0), replica("web", 0), False),
        (replica("web", 0), replica("web", 0, image="app:2"), True),
        (Resource("shop", "proxy/main", "proxy"), Resource("shop", "proxy/main", "proxy", {"port": 1}), False),
    ],
)
def test_only_another_count_is_no_new_release(was: Resource, now: Resource, new: bool) -> None:
    assert is_new_release(instance(was), now) is new


def test_a_canary_is_one_copy_beside_all_others() -> None:
    canary = canary_beside(counted("web", 5))
    assert (canary.address, canary.kind, copies(canary)) == ("service/web.canary", "service", 1)
    assert canary.settings["env"] == {"TENFOLD_SERVICE": "web"}
    assert canary.mutable == ("count",)
    alone = canary_beside(replica("web", 3, secret=SecretRef("stripe", 2)))
    assert (alone.address, alone.settings["slot"], alone.settings["secret"]) == (
        "replica/web-canary", "canary", SecretRef("stripe", 2),
    )  # fmt: skip
    assert alone.settings["env"] == {"TENFOLD_SERVICE": "web", "TENFOLD_REPLICA": "web-canary"}
    assert alone.fingerprint != replica("web", 3, secret=SecretRef("stripe", 2)).fingerprint
