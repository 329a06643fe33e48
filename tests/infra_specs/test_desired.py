"""What a stack shall be, from a snapshot of its record."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from infra_specs.certificates.host_certificate import HostCertificate
from infra_specs.desired import (
    StackSnapshot,
    before_notes,
    desired_as_deployed,
    desired_from_spec,
    desired_with_release,
    manifest_of_file,
    one_off_job,
    release_jobs,
    versions_of,
    with_newest_secrets,
)
from infra_specs.errors import PlanError
from infra_specs.releases.manifest import ReleaseManifest
from infra_specs.releases.selection import ReleaseState
from infra_specs.resources.address import Address
from infra_specs.resources.resource import SecretRef, references
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data

pytestmark = pytest.mark.pure


@dataclass(frozen=True)
class Release:
    number: int
    state: ReleaseState
    content: ReleaseManifest
    file: ReleaseManifest
    verb: str = "deploy"


def shop(**web: Any) -> Stack:
    service = {"image": "app:1", "port": 80, "replicas": {"min": 2, "max": 5}, **web}
    return from_data({"name": "shop", "target": {"provider": "docker"}, "services": {"web": service}})


def record(stack: Stack | None = None, **known: Any) -> StackSnapshot:
    return StackSnapshot(stack or shop(), "/srv", **known)


def released(number: int, state: ReleaseState, stack: Stack, *, file: Stack | None = None, **secrets: int) -> Release:
    """A release that held these services; the file said the same then unless told."""
    versions = {name: (version,) for name, version in secrets.items()}
    held = desired_from_spec(record(stack, secret_versions=versions)).content
    told = manifest_of_file(record(file or stack, secret_versions=versions))
    return Release(number, state, held, told)


def image(known: StackSnapshot) -> str | None:
    return desired_from_spec(known).stack.services["web"].image


@pytest.mark.parametrize(
    ("overrides", "replicas"), [({}, 2), ({"web": 4}, 4), ({"web": 9}, 5), ({"web": 0}, 2), ({"gone": 4}, 2)]
)
def test_what_was_asked_for_counts_within_the_bounds(overrides: dict[str, int], replicas: int) -> None:
    resources = desired_from_spec(record(overrides=overrides)).resources
    assert sum(resource.kind == "replica" for resource in resources) == replicas


def test_other_counts_are_asked_of_a_copy() -> None:
    known = record(overrides={"web": 3, "api": 1})
    assert known.with_replicas({"web": 4}) == record(overrides={"web": 4, "api": 1})
    assert known.overrides == {"web": 3, "api": 1}


@pytest.mark.parametrize(
    ("deployed", "file_then", "file_now", "runs"),
    [
        ("app:2", "app:1", "app:1", "app:2"),
        ("app:2", "app:1", "app:3", "app:3"),
        ("app:1", "app:1", "app:1", "app:1"),
    ],
)
def test_the_file_wins_only_where_it_changed(deployed: str, file_then: str, file_now: str, runs: str) -> None:
    release = released(1, ReleaseState.HEALTHY, shop(image=deployed), file=shop(image=file_then))
    assert image(record(shop(image=file_now), releases=(release,))) == runs


@pytest.mark.parametrize(
    ("states", "runs"),
    [
        ((), "app:9"),
        ((ReleaseState.HEALTHY,), "app:1"),
        ((ReleaseState.FAILED, ReleaseState.HEALTHY), "app:1"),
        ((ReleaseState.FAILED, ReleaseState.ROLLED_BACK), "app:2"),
        ((ReleaseState.ROLLING_OUT,), "app:1"),
    ],
)
def test_what_was_deployed_last_and_proven(states: tuple[ReleaseState, ...], runs: str) -> None:
    count = len(states)
    releases = tuple(
        released(count - index, state, shop(image=f"app:{count - index}")) for index, state in enumerate(states)
    )
    assert desired_as_deployed(record(shop(image="app:9"), releases=releases)).stack.services["web"].image == runs


KEY = {"env": {"KEY": {"secret": "stripe"}}}


@pytest.mark.parametrize(
    ("kept", "release", "version"),
    [
        ((1, 2, 3), {"stripe": 2}, 2),
        ((1, 3), {"stripe": 2}, 3),
        ((4,), {}, 4),
    ],
)
def test_a_release_keeps_its_secrets_while_they_can_be_read(
    kept: tuple[int, ...], release: dict[str, int], version: int
) -> None:
    known = record(shop(**KEY), secret_versions={"stripe": kept, "database-password": (1, 2)})
    assert versions_of(known, ReleaseManifest({}, release)) == {"stripe": version, "database-password": 2}


def test_a_newer_secret_is_taken_by_a_provision_and_not_by_a_repair() -> None:
    release = released(1, ReleaseState.HEALTHY, shop(**KEY), stripe=1)
    known = record(shop(**KEY), releases=(release,), secret_versions={"stripe": (1, 2)})

    def meant(known: StackSnapshot, *, repair: bool) -> set[Any]:
        stack = desired_as_deployed(known) if repair else desired_from_spec(known)
        return {ref for resource in stack.resources for ref in references(resource.settings)} & {
            SecretRef("stripe", 1),
            SecretRef("stripe", 2),
        }

    assert meant(known, repair=True) == {SecretRef("stripe", 1)}
    assert meant(known, repair=False) == {SecretRef("stripe", 2)}
    assert with_newest_secrets(known, known.stack.services).secrets == {"stripe": 2}


def test_a_missing_secret_is_refused() -> None:
    with pytest.raises(PlanError, match="tenfold secret set shop stripe"):
        desired_from_spec(record(shop(**KEY)))


def test_the_ids_of_images_are_part_of_what_is_desired() -> None:
    made = desired_from_spec(record(), {"app:1": "sha256:" + "a" * 64})
    assert made.content.images == {"app:1": "sha256:" + "a" * 64}
    replica = next(resource for resource in made.resources if resource.kind == "replica")
    assert replica.settings["image_id"] == "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("verb", "before", "after", "jobs"),
    [
        ("deploy", "app:1", "app:2", ["job/before-web"]),
        ("deploy", "app:1", "app:1", []),
        ("rollback", "app:1", "app:2", []),
        ("provision", None, "app:1", ["job/before-web"]),
    ],
)
def test_jobs_run_before_the_services_that_a_release_changes(
    verb: str, before: str | None, after: str, jobs: list[str]
) -> None:
    def migrating(name: str) -> Stack:
        return shop(image=name, before="migrate")

    runs = (released(1, ReleaseState.HEALTHY, migrating(before)),) if before else ()
    new = replace(released(2, ReleaseState.ROLLING_OUT, migrating(after)), verb=verb)
    known = record(migrating("app:1"), releases=(new, *runs))
    found = release_jobs(known, desired_with_release(known, new.content), new)
    assert [resource.address for resource in found] == jobs
    assert all(resource.settings["release"] == 2 for resource in found)


def test_a_plan_names_the_commands_that_run_before_new_replicas() -> None:
    known = record(shop(before="python 'my migrations.py'"))
    assert before_notes(known, desired_from_spec(known)) == (
        "web: python 'my migrations.py' runs once, to its end, before the new replicas",
    )
    healthy = record(known.stack, releases=(released(1, ReleaseState.HEALTHY, known.stack),))
    assert before_notes(healthy, desired_from_spec(healthy)) == ()


def test_a_command_runs_once_in_the_release_that_runs() -> None:
    known = record(releases=(released(7, ReleaseState.HEALTHY, shop(image="app:7")),))
    job = one_off_job(known, desired_as_deployed(known), Address("job", "run", "7f"), "web", ["shell"])
    assert (job.address, job.settings["image"], job.settings["release"]) == ("job/run-7f", "app:7", 7)
    with pytest.raises(PlanError, match=r"shop has no service `api`. It has: web."):
        one_off_job(known, desired_from_spec(known), Address("job", "run", "7f"), "api", ["shell"])


def test_equal_records_give_equal_answers() -> None:
    release = released(3, ReleaseState.HEALTHY, shop(image="app:3"))
    first = desired_from_spec(record(overrides={"web": 3}, releases=(release,)))
    again = desired_from_spec(record(overrides={"web": 3}, releases=(release,)))
    assert first.resources == again.resources
    assert first.price == again.price


def test_a_certificate_whose_secret_was_removed_is_as_none() -> None:
    known = {host: HostCertificate(host, version=2, until=9.0) for host in ("a.example.com", "b.example.com")}
    snapshot = StackSnapshot(shop(), "/", certificates=known, secret_versions={"tls-certificate-a.example.com": (1, 2)})
    assert snapshot.held_certificates == {
        "a.example.com": known["a.example.com"],
        "b.example.com": replace(known["b.example.com"], version=None),
    }
