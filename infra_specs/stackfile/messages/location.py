"""Where in the language a fault lies: pydantic's location, followed through the models.

Pydantic puts the branch of a union into a location (`target.local.prot`), which nobody wrote. Following the types
along it takes the branch out again and finds the models and constraints on the way.
"""

from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo

from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.units import Unit

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the language. `of_key`: what is meant is the key there and not its value."""

    path: Path
    owner: type[BaseModel] | None
    """The innermost model that the place lies in, and that knows, or does not know, its last step."""
    type: Any
    field: FieldInfo | None
    unit: Unit | None
    of_key: bool


def locate(location: Path, *, of_key: bool = False) -> Location:
    """The place that one of pydantic's locations within a Stack means. `of_key`: an error that a key can have."""
    path: list[str | int] = []
    kind: Any = Stack
    owner: type[BaseModel] | None = None
    field: FieldInfo | None = None
    unit: Unit | None = None
    in_mapping = False
    for step in location:
        if of_key and in_mapping and step == "[key]":
            return Location(tuple(path), owner, str, None, None, of_key=True)
        branches, _ = _branches(kind)
        if len(branches) > 1:
            kind = next((branch for branch in branches if step == _tag(branch)), Any)
            continue
        path.append(step)
        in_mapping = get_origin(branches[0]) is dict
        kind, found = _step(branches[0], step)
        if isinstance(found, FieldInfo) or _is_model(_branches(branches[0])[0][0]):
            owner, field = _branches(branches[0])[0][0], found
            unit = _unit(field)
    branches, _ = _branches(kind)
    return Location(tuple(path), owner, branches[0] if len(branches) == 1 else kind, field, unit, of_key=False)


@cache
def keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """A model's fields by the keys that people write."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _branches(kind: Any) -> tuple[list[Any], list[Any]]:
    """The branches of a type without None, and what it is annotated with."""
    notes: list[Any] = []
    while True:
        if get_origin(kind) is Annotated:
            notes.extend(get_args(kind)[1:])
            kind = get_args(kind)[0]
        elif get_origin(kind) in (Union, UnionType):
            branches = [branch for branch in get_args(kind) if branch is not NoneType]
            if len(branches) > 1:
                return branches, notes
            kind = branches[0]
        else:
            return [kind], notes


def _tag(branch: Any) -> Any:
    """What pydantic calls a branch of a discriminated union."""
    bare, notes = _branches(branch)
    for note in notes:
        if isinstance(note, Tag):
            return note.tag
    if _is_model(bare[0]) and "provider" in bare[0].model_fields:
        return get_args(bare[0].model_fields["provider"].annotation)[0]
    return None


def _step(kind: Any, step: str | int) -> tuple[Any, FieldInfo | None]:
    if _is_model(kind):
        field = keys(kind).get(str(step))
        return (field.annotation if field else Any), field
    arguments = get_args(kind)
    if get_origin(kind) is dict:
        return arguments[1], None
    return (arguments[0] if get_origin(kind) is list else Any), None


def _unit(field: FieldInfo | None) -> Unit | None:
    notes = [*field.metadata, *_branches(field.annotation)[1]] if field else []
    return next((note for note in notes if isinstance(note, Unit)), None)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def choices(kind: Any) -> list[Any]:
    """What a Literal allows; nothing for any other type."""
    return list(get_args(kind)) if get_origin(kind) is Literal else []
