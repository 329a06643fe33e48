"""The options of a deploy, and the parameters that they become."""

from typing import Any

import pytest
from pydantic import ValidationError

from infra_specs.releases.deploy_options import SERVICE_SETTINGS, DeployOptions
from infra_specs.releases.rollout import Share
from infra_specs.stackfile.models.service import Service

pytestmark = pytest.mark.pure


def test_every_setting_is_one_of_a_service_in_a_stack_file() -> None:
    assert set(SERVICE_SETTINGS) <= Service.model_fields.keys()
    assert set(SERVICE_SETTINGS) <= DeployOptions.model_fields.keys()


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        ({}, {"service": "", "env": {}}),
        ({"image": "a:2", "cpus": 0.5}, {"service": "", "env": {}, "image": "a:2", "cpus": 0.5}),
        ({"service": "web", "env": {"A": None}}, {"service": "web", "env": {"A": None}}),
        ({"build": True}, {"service": "", "env": {}, "build": True}),
        ({"canary": 5}, {"service": "", "env": {}, "canary": 5, "bake": 60.0}),
        ({"bake": 30}, {"service": "", "env": {}}),
    ],
)
def test_options_that_change_nothing_are_no_parameters(options: dict[str, Any], parameters: dict[str, Any]) -> None:
    assert DeployOptions(**options).parameters() == parameters


@pytest.mark.parametrize("options", [{"image": "a:2", "env": {"A": "1"}}, {"service": "web", "canary": 5, "bake": 9}])
def test_the_parameters_are_the_same_options_again(options: dict[str, Any]) -> None:
    assert DeployOptions(**DeployOptions(**options).parameters()) == DeployOptions(**options)


def test_settings_and_the_canarys_share() -> None:
    options = DeployOptions(command="run", memory="64MB", canary=5, bake=30)
    assert options.settings == {"command": "run", "memory": "64MB"}
    assert options.share == Share(5, 30)
    assert DeployOptions().share is None


@pytest.mark.parametrize("wrong", [{"canary": 51}, {"cpus": -1}, {"bake": 0}, {"imgae": "a:2"}])
def test_a_wrong_option_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DeployOptions(**wrong)
