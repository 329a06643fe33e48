"""Code as a part of a release: kept, compared, told, and given to the programs."""

import pytest

from infra_specs.catalogue.desired import desired_state
from infra_specs.desired import StackSnapshot, provisioned_manifest
from infra_specs.releases.differences import differences
from infra_specs.releases.manifest import ReleaseManifest, changed_services, manifest_from
from infra_specs.resources.resource import Resource
from infra_specs.sizing.size import size
from infra_specs.stackfile.reading.load import from_data
from tests.infra_specs.releases.shop import held, shop

pytestmark = pytest.mark.pure


def release(**code: str) -> ReleaseManifest:
    return ReleaseManifest(held(shop()).services, code=code)


def test_other_code_is_another_release() -> None:
    assert release(web="a") == release(web="a")
    assert release(web="a") != release(web="b")
    assert release() != release(web="a")
    assert changed_services(release(web="a"), release(web="b")) == ("web",)
    assert changed_services(release(web="a"), release(web="a")) == ()
    assert differences(release(web="a"), release(web="b")) == ("web: code a -> b",)
    assert differences(release(), release(web="b")) == ("web: code none -> b",)


def test_it_comes_back_as_stored_and_an_older_release_has_none() -> None:
    data = release(web="a").data()
    assert manifest_from(data) == release(web="a")
    del data["code"]
    assert manifest_from(data) == release()


def test_without_code_a_program_has_the_fingerprint_that_it_had() -> None:
    web = {"command": "python app.py"}
    stack = from_data({"name": "shop", "target": {"provider": "local"}, "services": {"web": web}})

    def made(code: dict[str, str]) -> Resource:
        resources = desired_state(stack, size(stack), counts={}, secrets={}, source="/srv", code=code)
        return next(resource for resource in resources if resource.kind == "replica")

    before, after = made({}), made({"web": "a"})
    assert "code" not in before.settings
    assert after.settings["code"] == "a"
    assert before.fingerprint != after.fingerprint


def test_a_folder_that_is_copied_no_more_runs_in_place() -> None:
    snapshot = StackSnapshot(shop(), "/srv")
    assert provisioned_manifest(snapshot, code={"web": "a"}).code == {"web": "a"}
    assert provisioned_manifest(snapshot, code={}).code == {}
