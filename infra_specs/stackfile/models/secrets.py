"""Which of the user's secrets a stack names, wherever in it they are named."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from infra_specs.stackfile.models.model import Part
from infra_specs.stackfile.models.service import Secret


def named_secrets(part: Part) -> frozenset[str]:
    """The names of all secrets that a stack, or a part of one, refers to.

    Every field of the model is visited, so a new field that can hold a secret needs no line here.
    """
    return frozenset(secret.secret for secret in _secrets(part))


def _secrets(value: Any) -> Iterator[Secret]:
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, BaseModel):
        for field in type(value).model_fields:
            yield from _secrets(getattr(value, field))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _secrets(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _secrets(item)
