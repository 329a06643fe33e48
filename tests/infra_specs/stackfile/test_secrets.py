"""Every place of the language that can hold a secret is found, a place that is added later included."""

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from infra_specs.catalogue.desired import refuse_missing_secrets
from infra_specs.errors import PlanError
from infra_specs.stackfile.models.secrets import named_secrets
from infra_specs.stackfile.models.service import Secret
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import load

pytestmark = pytest.mark.pure

WHOLE = """
name: shop
target: {provider: local}
services:
  web:
    command: python app.py
    port: 8000
    env: {PLAIN: text, STRIPE: {secret: stripe}}
  worker: {command: python work.py, env: {MAIL: {secret: mail}}}
tls: {certificate: {secret: chain}, key: {secret: key}}
"""


def test_those_of_every_service_and_of_the_certificate_are_named() -> None:
    assert named_secrets(load(WHOLE)) == {"stripe", "mail", "chain", "key"}
    assert named_secrets(load(WHOLE).services["web"]) == {"stripe"}


def test_all_that_are_missing_are_told_at_once() -> None:
    with pytest.raises(PlanError, match=r"(?s)set shop chain.*set shop key.*set shop mail"):
        refuse_missing_secrets(load(WHOLE), {"stripe": 1})


def _places(kind: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every path through the types of the language that ends in a secret."""
    origin = get_origin(kind)
    if origin is Annotated:
        yield from _places(get_args(kind)[0], path)
    elif origin in (Union, UnionType):
        for branch in get_args(kind):
            if branch is not NoneType:
                yield from _places(branch, path)
    elif origin in (list, tuple, set, frozenset):
        yield from _places(get_args(kind)[0], (*path, "[]"))
    elif origin is dict:
        yield from _places(get_args(kind)[1], (*path, "{}"))
    elif kind is Secret:
        yield path
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            yield from _places(field.annotation, (*path, name))


places = sorted(set(_places(Stack)))


def _holding(kind: Any, path: tuple[str, ...]) -> Any:
    """A value of this type whose only content is the secret `hidden` at the end of the path."""
    if not path:
        return Secret(secret="hidden")
    step, rest = path[0], path[1:]
    bare = _bare(kind, step)
    if step == "[]":
        return [_holding(get_args(bare)[0], rest)]
    if step == "{}":
        return {"KEY": _holding(get_args(bare)[1], rest)}
    value = _holding(bare.model_fields[step].annotation, rest)
    return bare.model_construct(**dict.fromkeys(bare.model_fields) | {step: value})


def _bare(kind: Any, step: str) -> Any:
    """The branch of a type that has this step."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _bare(get_args(kind)[0], step)
    if origin in (Union, UnionType):
        branches = [_bare(branch, step) for branch in get_args(kind) if branch is not NoneType]
        return next(branch for branch in branches if branch is not None)
    if step == "[]":
        return kind if origin in (list, tuple, set, frozenset) else None
    if step == "{}":
        return kind if origin is dict else None
    is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
    return kind if is_model and step in kind.model_fields else None


def test_the_walk_over_the_types_finds_the_places_that_are_known() -> None:
    known = {("services", "{}", "env", "{}"), ("tls", "certificate"), ("tls", "key")}
    assert known <= set(places)


@pytest.mark.parametrize("path", places, ids=".".join)
def test_a_secret_at_each_place_that_can_hold_one_is_named(path: tuple[str, ...]) -> None:
    assert named_secrets(_holding(Stack, path)) == {"hidden"}
