"""A stack on AWS as resources: which there are, in which order, and where its secrets are not."""

import json
from typing import Any

import pytest

from infra_specs.catalogue.aws_differences import DIFFERENCES, differences_of
from infra_specs.catalogue.durations import usual_seconds
from infra_specs.catalogue.job import before_jobs
from infra_specs.pricing.aws.choose import with_recipe
from infra_specs.pricing.state import priced_state
from infra_specs.resources.resource import Ref, Resource, SecretRef, Template, references
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.stack import Stack
from tests.docs.blocks import ROOT
from tests.infra_specs.pricing.aws.on_aws import WEB, on_aws

pytestmark = pytest.mark.pure

SHOP = on_aws(
    target={"recipe": "cheap", "cidr": "10.7.0.0/20"},
    services={
        "web": {**WEB, "replicas": 2, "drain": "90s", "env": {"MODE": "fast", "STRIPE": {"secret": "stripe"}},
                "before": "migrate"},
        "work": {"image": "shop:1", "cpus": 0.3, "memory": "600MB", "env": {"PGHOST": {"from": "database.host"}}},
    },
    needs={"database": "postgres", "cache": "valkey"},
)  # fmt: skip


def resources_of(stack: Stack) -> dict[str, Resource]:
    return {resource.address: resource for resource in priced_state(stack, size(stack), {})}


def test_a_stack_that_was_written_down_and_read_again_is_the_same() -> None:
    """A default that is a whole number and a duration that is read are told apart by a fingerprint."""
    stack = on_aws(services={"web": WEB, "work": {"image": "shop:1"}}, needs={"database": "postgres"})
    again = Stack.model_validate(json.loads(json.dumps(stack.model_dump(mode="json", by_alias=True))))
    fresh, read = resources_of(with_recipe(stack)), resources_of(with_recipe(again))
    assert {address: read[address].digests for address in read} == {
        address: fresh[address].digests for address in fresh
    }


def test_the_parts_of_a_stack() -> None:
    assert list(resources_of(SHOP)) == [
        "network/main", "logs/main", "role/main", "database/main", "cache/main", "proxy/main",
        "secret/web-database-url", "secret/web-cache-url", "secret/web-stripe", "service/web", "route/web",
        "secret/work-database-url", "secret/work-cache-url", "service/work",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("address", "needs"),
    [
        ("database/main", {"network/main"}),
        ("proxy/main", {"network/main"}),
        ("secret/web-database-url", {"database/main"}),
        ("role/main", {"logs/main"}),
        (
            "service/work",
            {"network/main", "role/main", "logs/main", "database/main", "secret/work-database-url",
             "secret/work-cache-url"},
        ),
        ("route/web", {"proxy/main", "service/web"}),
    ],
)  # fmt: skip
def test_what_must_be_there_before(address: str, needs: set[str]) -> None:
    assert set(resources_of(SHOP)[address].dependencies) == needs


def test_a_task_is_given_no_secret_but_the_names_and_versions_of_them() -> None:
    web = resources_of(SHOP)["service/web"].settings
    assert [reference for reference in references(web) if isinstance(reference, SecretRef)] == []
    assert web["env"] == {"MODE": "fast", "TENFOLD_SERVICE": "web"}
    assert web["secrets"] == {
        "DATABASE_URL": Ref("secret/web-database-url", "version"),
        "CACHE_URL": Ref("secret/web-cache-url", "version"),
        "STRIPE": Ref("secret/web-stripe", "version"),
    }


def test_a_new_version_of_a_secret_is_a_new_release() -> None:
    web = resources_of(SHOP)["service/web"].settings
    assert web["secret_versions"] == {"database-password": 1, "cache-password": 1, "stripe": 1}


def test_a_value_that_is_no_secret_stays_a_variable() -> None:
    work = resources_of(SHOP)["service/work"].settings
    assert work["env"] == {"PGHOST": Ref("database/main", "host"), "TENFOLD_SERVICE": "work"}


def test_a_cache_is_reached_by_tls() -> None:
    (text,) = resources_of(SHOP)["secret/web-cache-url"].settings.values()
    assert isinstance(text, Template)
    assert text.template == "rediss://:{password}@{host}:{port}/0"


def test_sizes_are_those_that_aws_has() -> None:
    made = resources_of(SHOP)
    assert [made["service/work"].settings[name] for name in ("cpu", "memory", "processor")] == [512, 1024, "arm64"]
    assert [made["database/main"].settings[name] for name in ("class", "storage", "zones")] == ["db.t4g.micro", 20, 1]


def test_data_is_marked_and_only_a_count_changes_in_place() -> None:
    made = resources_of(SHOP)
    assert [address for address, resource in made.items() if resource.stateful] == ["database/main"]
    assert made["service/web"].mutable == ("count",)
    assert made["service/web"].drain_seconds == 90
    assert "storage" in made["database/main"].mutable


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ("cheap", {"nat": "none", "zones": 1, "nodes": 1, "processor": "arm64", "public_address": True, "days": 7}),
        ("balanced", {"nat": "one", "zones": 1, "nodes": 1, "processor": "x86_64", "public_address": False,
                      "days": 30}),
        ("resilient", {"nat": "each zone", "zones": 2, "nodes": 2, "processor": "x86_64", "public_address": False,
                       "days": 90}),
    ],
)  # fmt: skip
def test_what_each_recipe_changes(recipe: str, expected: dict[str, Any]) -> None:
    made = resources_of(on_aws(target={"recipe": recipe}, needs={"database": "postgres", "cache": "valkey"}))
    settings = {**made["service/web"].settings, **made["cache/main"].settings, **made["database/main"].settings,
                **made["logs/main"].settings, "nat": made["network/main"].settings["nat"]}  # fmt: skip
    assert {name: settings[name] for name in expected} == expected


def test_a_job_runs_as_a_task_of_its_service() -> None:
    (job,) = before_jobs(SHOP, source="/", secrets={"stripe": 3}, images={}, code={}, release=2)
    assert job.settings["secrets"] == resources_of(SHOP)["service/web"].settings["secrets"]
    assert [reference for reference in references(job.settings) if isinstance(reference, SecretRef)] == []
    assert "listener" not in job.settings


def test_a_workers_stack_has_no_balancer() -> None:
    assert "proxy/main" not in resources_of(on_aws(services={"work": {"image": "a"}}))


def test_every_kind_takes_a_known_time() -> None:
    assert [
        address for address, resource in resources_of(with_recipe(SHOP)).items() if not usual_seconds(resource)
    ] == []


def test_what_aws_does_otherwise_is_said_where_a_stack_meets_it() -> None:
    said = differences_of(SHOP)
    assert "X-Forwarded-For: the balancer appends to it and cannot replace it, so only its last entry is true" in said
    assert "services.work: each task has 0.5 vCPU, 1024 MB, the next size that Fargate has" in said
    assert not any(sentence.startswith("public: false") for sentence in said)
    hidden = on_aws(services={"web": {"image": "a", "port": 80, "cpus": 0.25, "memory": "512MB"}})
    assert "public: false: reachable from within the stack's own network only" in differences_of(hidden)
    assert not any(sentence.startswith("services.web") for sentence in differences_of(hidden))


@pytest.mark.parametrize(("services", "said"), [(33, False), (34, True)])
def test_services_that_need_more_rules_than_a_balancer_has_are_told_so(services: int, said: bool) -> None:
    stack = on_aws(
        services={
            f"s{number}": {"image": "a", "port": 80, "route": {"path": f"/{number}"}} for number in range(services)
        }
    )
    assert any(sentence.startswith("how many services have a port") for sentence in differences_of(stack)) is said


def test_the_guide_has_the_same_table() -> None:
    guide = (ROOT / "docs/guide/aws.md").read_text(encoding="utf-8")
    for row in DIFFERENCES:
        assert f"| {row.subject} | {row.elsewhere} | {row.on_aws} |" in guide
