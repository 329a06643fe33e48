"""What a command is given to: nothing, what the spec names, or what the image has."""

from typing import Any

import pytest

from infra_specs.catalogue.desired import desired_state
from infra_specs.catalogue.job import before_jobs, job
from infra_specs.releases.manifest import services_from
from infra_specs.resources.address import Address
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data, stored

pytestmark = pytest.mark.pure

ABSENT = "absent"
given: dict[str, Any] = {"source": "/srv", "secrets": {}, "images": {}, "code": {}, "release": 1}


def stack(**web: Any) -> Stack:
    service = {"image": "app:1", **web}
    return from_data({"name": "shop", "target": {"provider": "docker"}, "services": {"web": service}})


@pytest.mark.parametrize(
    ("web", "entrypoint"),
    [
        ({}, ABSENT),
        ({"command": "serve"}, []),
        ({"command": "serve", "entrypoint": "sh /wrap"}, ["sh", "/wrap"]),
        ({"command": "serve", "entrypoint": "image"}, ABSENT),
        ({"entrypoint": ["/wrap", "1"]}, ["/wrap", "1"]),
    ],
)
def test_what_a_replica_is_given_to(web: dict[str, Any], entrypoint: Any) -> None:
    spec = stack(**web)
    resources = desired_state(spec, size(spec), counts={}, secrets={}, source="/srv")
    replica = next(resource for resource in resources if resource.kind == "replica")
    assert replica.settings.get("entrypoint", ABSENT) == entrypoint


@pytest.mark.parametrize(
    ("service", "asked", "entrypoint"),
    [
        (None, None, []),
        ("sh /wrap", None, ["sh", "/wrap"]),
        ("image", None, ABSENT),
        ("sh /wrap", [], []),
        ("image", [], []),
        (None, ["image"], ABSENT),
        ("image", ["env"], ["env"]),
    ],
)
def test_what_a_job_is_given_to(service: str | None, asked: list[str] | None, entrypoint: Any) -> None:
    spec = stack(**({"entrypoint": service} if service else {}))
    one_off = job(spec, Address("job", "run", "1"), "web", ["ls"], **given, entrypoint=asked)
    assert one_off.settings.get("entrypoint", ABSENT) == entrypoint
    assert one_off.settings["command"] == ["ls"]


def test_a_migration_is_given_to_what_the_service_is() -> None:
    spec = stack(before="migrate", entrypoint="sh /wrap")
    assert before_jobs(spec, **given)[0].settings["entrypoint"] == ["sh", "/wrap"]


def test_what_an_earlier_version_stored_keeps_the_entrypoint_of_its_image() -> None:
    data = stack(command="serve").model_dump(mode="json", by_alias=True)
    del data["services"]["web"]["entrypoint"]
    assert stored(data).services["web"].entrypoint == ["image"]
    assert services_from(data["services"])["web"].entrypoint == ["image"]
    data["services"]["web"]["entrypoint"] = None
    assert stored(data).services["web"].entrypoint is None
    local = {"name": "shop", "target": {"provider": "local"}, "services": {"web": {"command": "app"}}}
    assert stored(local).services["web"].entrypoint is None
