"""What a release holds: everything but counts, and never a secret's value."""

import json

import pytest

from infra_specs.errors import PlanError
from infra_specs.releases.change import with_deploy
from infra_specs.releases.differences import differences
from infra_specs.releases.manifest import (
    apply_to,
    changed_services,
    manifest_from,
    manifest_of,
    service_faults,
    with_absolute_paths,
)
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data
from tests.infra_specs.releases.shop import held, shop

pytestmark = pytest.mark.pure


def test_it_comes_back_as_it_was_stored() -> None:
    release = held(shop(env={"A": "1", "KEY": {"secret": "stripe"}}, memory="64MB"), stripe=3, other=1)
    stored = json.loads(json.dumps(release.data()))
    assert manifest_from(stored) == release
    assert stored["secrets"] == {"stripe": 3}, "only what it is given"
    stored["services"]["web"]["of_a_later_version"] = True
    assert manifest_from(stored) == release


def test_the_same_name_may_mean_another_image() -> None:
    services = with_absolute_paths(shop({"web": {"image": "app:now"}, "work": {"image": "work:1"}}), "/srv")
    then, now = ({"app:now": f"sha256:{digit * 64}", "work:1": "sha256:w", "other": "sha256:o"} for digit in "12")
    before, after = manifest_of(services, {}, then), manifest_of(services, {}, now)
    assert before.images.keys() == {"app:now", "work:1"}, "only what it runs"
    assert manifest_from(json.loads(json.dumps(before.data()))) == before != after
    assert changed_services(before, after) == ("web",)
    assert differences(before, after) == ("image app:now: 111111111111 -> 222222222222",)


def test_what_was_built_is_an_id_already() -> None:
    built = with_absolute_paths(shop(), "/srv")["web"].model_copy(update={"image": "sha256:b"})
    assert manifest_of({"web": built}, {}, {"sha256:b": "sha256:b"}).images == {}


def test_what_cannot_be_read_says_so() -> None:
    with pytest.raises(PlanError, match="cannot be read by this version"):
        manifest_from({"services": {"web": {"port": "eighty"}}, "secrets": {}})


def test_counts_are_no_part_of_it() -> None:
    assert held(shop(replicas={"min": 2, "max": 9}, capacity=3)) == held(shop())
    assert held(shop(image="app:2")) != held(shop())
    assert held(shop(env={"K": {"secret": "s"}}), s=1) != held(shop(env={"K": {"secret": "s"}}), s=2)


def test_over_a_spec_its_services_run_in_the_counts_of_the_spec() -> None:
    release = held(shop(image="app:2", replicas=7))
    found = apply_to(shop(replicas=3), release).services["web"]
    assert (found.image, found.replicas.min) == ("app:2", 3)
    gone = apply_to(shop({"api": {"image": "api:1", "port": 81}}), release).services
    assert list(gone) == ["web"], "what the release has runs, what it has not does not"
    assert gone["web"].replicas.min == 7, "in the counts of its time, when the spec has lost it"


def test_over_a_spec_a_service_with_a_volume_keeps_its_one_replica() -> None:
    release = held(shop(volumes={"data": "/data"}))
    web = apply_to(shop(replicas={"min": 2, "max": 3}, capacity=3), release).services["web"]
    assert (web.volumes, web.replicas.min, web.replicas.max, web.capacity) == ({"data": "/data"}, 1, 1, 3)


def test_a_release_that_does_not_fit_the_spec_says_where() -> None:
    cached = {"name": "shop", "target": {"provider": "docker"}, "needs": {"cache": "valkey"},
              "services": {"web": {"image": "app:1", "env": {"C": {"from": "cache.url"}}}}}  # fmt: skip
    with pytest.raises(PlanError, match=r"services\.web\.env\.C\.from: found `cache\.url`, but this stack declares no"):
        apply_to(shop(), held(from_data(cached)))


def test_a_job_of_a_service_that_the_release_lacks_is_left_out() -> None:
    cleaned = {"name": "shop", "target": {"provider": "docker"},
               "services": {"web": {"image": "app:1", "port": 80}, "cleaner": {"image": "cleaner:1"}},
               "jobs": {"nightly": {"service": "cleaner", "command": "clean", "at": "04:30"},
                        "counted": {"service": "web", "command": "count", "at": "05:00"}}}  # fmt: skip
    stack, release = from_data(cleaned), held(shop())
    runs = apply_to(stack, release)
    assert (list(runs.services), list(runs.jobs)) == (["web"], ["counted"])
    assert not service_faults(stack, release.services)
    assert list(with_deploy(stack, release, "web", {"image": "app:2"}, {}).services) == ["web"]
    with pytest.raises(PlanError, match="shop has no service `cleaner`"):
        runs.service(stack.jobs["nightly"].service)


def test_folders_are_whole_paths_where_they_mean_something() -> None:
    def local(provider: str) -> Stack:
        web = {"command": "run", "folder": "app", "image": "app:1"}
        return from_data({"name": "shop", "target": {"provider": provider}, "services": {"web": web}})

    assert with_absolute_paths(local("local"), "/srv")["web"].folder == "/srv/app"
    assert with_absolute_paths(local("docker"), "/srv")["web"].folder == "."


def test_the_services_that_changed() -> None:
    two = {"web": {"image": "app:1", "port": 80, "env": {"K": {"secret": "s"}}}, "worker": {"image": "app:1"}}
    before = held(shop(two), s=1)
    assert changed_services(before, held(shop(two), s=1)) == ()
    assert changed_services(before, held(shop(two), s=2)) == ("web",)
    assert changed_services(before, held(shop({**two, "worker": {"image": "app:2"}}), s=1)) == ("worker",)
    assert changed_services(None, before) == ("web", "worker")
