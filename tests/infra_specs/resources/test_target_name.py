"""Names on targets: what they look like, and that no two resources ever have the same."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra_specs.resources.address import Address
from infra_specs.resources.target_name import DOCKER, ELASTICACHE, LOAD_BALANCER, RDS, SWARM, NameRule, target_name

pytestmark = pytest.mark.pure

RULES = {"docker": DOCKER, "swarm": SWARM, "balancer": LOAD_BALANCER, "cache": ELASTICACHE, "database": RDS}
every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
FORTY = "a" + "bcdefghij" * 4 + "xyz"

few_examples = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
names = st.text("ab0-", max_size=39).map(lambda rest: f"a{rest}") | st.sampled_from(
    ["shop", "shop-replica", "replica", "web", "web-0", "web-", "a--b", "internal", "run", "x" * 40, "x" * 39 + "y"]
)
volume_names = st.text("a0-", max_size=29).map(lambda rest: f"0{rest}") | st.sampled_from(["data", "0", "12"])
counts = st.integers(0, 10_000)
addresses = st.one_of(
    st.builds(Address, st.just("replica"), names, counts | st.just("canary")),
    st.builds(Address, st.sampled_from(["route", "database", "cache", "proxy", "service", "volume"]), names),
    st.builds(Address, st.just("volume"), names, volume_names),
    st.builds(Address, st.just("job"), st.just("run"), names),
)


def _address(kind: str, name: str, slot: int | str | None) -> Address | None:
    try:
        return Address(kind, name, slot)
    except ValueError:
        return None


resources = st.tuples(names, addresses.map(str), st.none() | st.integers(1, 30))


@pytest.mark.parametrize(
    ("rule", "resource", "name"),
    [
        (DOCKER, ("shop", "replica/web-0", 1), "tenfold.shop.replica.web-0.1"),
        (DOCKER, ("shop-staging", "volume/web.data", None), "tenfold.shop-staging.volume.web.data"),
        (DOCKER, ("shop", "job/run-7f", 2), "tenfold.shop.job.run-7f.2"),
        (SWARM, ("shop-staging", "replica/web-0", 2), "tenfold_shop-staging_replica_web-0_2"),
        (SWARM, ("shop", "service/web", 1), "tenfold_shop_service_web_1"),
        (LOAD_BALANCER, ("internal", "proxy/main", None), "tf-internal-proxy-main"),
        (ELASTICACHE, ("shop", "cache/main", 3), "tf-shop-cache-main-3"),
        (RDS, ("shop", "database/main", 1), "tf-shop-database-main-1"),
    ],
)  # fmt: skip
def test_what_fits_is_written_in_full(rule: NameRule, resource: tuple[str, str, int | None], name: str) -> None:
    assert target_name(*resource, rule) == name


@pytest.mark.parametrize(
    ("rule", "resource", "begin"),
    [
        (SWARM, (FORTY, f"service/{FORTY}", 1), "tenfold-a"),
        (SWARM, ("shop", "volume/web.data", 1), "tenfold-shop-volume-web-data-1__"),
        (LOAD_BALANCER, ("shop-staging", "proxy/main", None), "tf-shop-staging-pro"),
        (ELASTICACHE, ("a--b", "cache/main", 1), "tf-a-b-cache-main-1-"),
        (ELASTICACHE, (FORTY, "cache/main", 1), "tf-a"),
    ],
)
def test_what_does_not_fit_ends_in_a_hash(rule: NameRule, resource: tuple[str, str, int | None], begin: str) -> None:
    name = target_name(*resource, rule)
    assert name.startswith(begin)
    assert re.fullmatch(r".*[-_][0-9a-f]{12}", name)


@every_rule
def test_a_name_cannot_be_made_to_look_like_the_hash_of_another(rule: NameRule) -> None:
    hashed = target_name("a--b-" * 6, "service/web", 1, rule)
    digits = hashed[-12:] if re.fullmatch(r"[0-9a-f]{12}", hashed[-12:]) else "0123456789ab"
    imitated = target_name("a", f"service/{digits}", None, rule)
    assert hashed != imitated
    assert target_name("shop", "service/web", 1, rule) != target_name("shop", "service/web-1", None, rule)


@every_rule
@few_examples
@given(resource=resources)
def test_the_target_takes_every_name(rule: NameRule, resource: tuple[str, str, int | None]) -> None:
    name = target_name(*resource, rule)
    assert len(name) <= rule.length
    assert rule.pattern.fullmatch(name)


@every_rule
@few_examples
@given(some=st.sets(resources, min_size=2, max_size=12))
def test_no_two_have_one_name(rule: NameRule, some: set[tuple[str, str, int | None]]) -> None:
    assert len({target_name(*resource, rule) for resource in some}) == len(some)


@every_rule
@given(text=st.text("ab-0", min_size=2, max_size=8), cut=st.integers(1, 7), other=st.integers(1, 7))
def test_where_words_end_is_never_lost(rule: NameRule, text: str, cut: int, other: int) -> None:
    """Stack and service put together alike are told apart, as are a slot and an incarnation."""
    resources = {
        (stack, str(address), incarnation)
        for at in (cut, other)
        if (stack := f"s{text[:at]}")
        for address in (_address("service", f"w{text[at:]}", None), _address("replica", f"w{text[at:]}", at))
        if address is not None
        for incarnation in (None, at, other)
    }
    assert len({target_name(*resource, rule) for resource in resources}) == len(resources)


@given(stack=names, service=names, slot=counts, volume=st.from_regex(r"[a-z][a-z0-9-]{0,29}", fullmatch=True))
def test_names_in_a_docker_engine_stay_what_they_are(stack: str, service: str, slot: int, volume: str) -> None:
    assert target_name(stack, f"replica/{service}-{slot}", 7, DOCKER) == f"tenfold.{stack}.replica.{service}-{slot}.7"
    assert target_name(stack, f"volume/{service}.{volume}", 1, DOCKER) == f"tenfold.{stack}.volume.{service}.{volume}.1"
    assert target_name(stack, f"job/before-{service}", 1, DOCKER) == f"tenfold.{stack}.job.before-{service}.1"
    assert target_name(stack, "volume/database", None, DOCKER) == f"tenfold.{stack}.volume.database"


def test_what_is_no_address_has_no_name() -> None:
    with pytest.raises(ValueError, match="is no address"):
        target_name("shop", "web", 1, DOCKER)
