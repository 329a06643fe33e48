"""A flow that takes an options model shows its fields as parameters."""

from inspect import signature

import pytest
from pydantic import BaseModel, ValidationError

from flows.deploy import deploy
from flows.engine.flat_parameters import flat_parameters
from infra_specs.releases.deploy_options import DeployOptions

pytestmark = pytest.mark.pure


class Options(BaseModel):
    image: str = ""
    number: int = 1


@flat_parameters(Options)
async def change(stack: str, *, options: Options, wait: bool = False) -> tuple[str, Options, bool]:
    """Change it."""
    return stack, options, wait


def test_the_fields_stand_where_the_options_stood() -> None:
    assert list(signature(change).parameters) == ["stack", "image", "number", "wait"]
    assert signature(change).parameters["number"].default == 1
    assert change.__doc__ == "Change it."


async def test_a_call_gives_them_as_the_model() -> None:
    assert await change("shop", image="a:2") == ("shop", Options(image="a:2"), False)
    assert await change(stack="shop", number=3, wait=True) == ("shop", Options(number=3), True)


async def test_what_the_model_refuses_is_refused() -> None:
    with pytest.raises(ValidationError):
        await change("shop", number="many")
    with pytest.raises(TypeError, match="imgae"):
        await change("shop", imgae="a:2")


def test_deploy_has_every_option_as_a_parameter_with_a_description() -> None:
    assert list(signature(deploy.fn).parameters) == ["stack", *DeployOptions.model_fields, "wait"]
    described = deploy.parameters.properties
    assert all(described[name].get("description") for name in ("stack", *DeployOptions.model_fields, "wait"))
