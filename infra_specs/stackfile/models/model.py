"""What every part of the language has in common."""

import ast
import inspect
from collections.abc import Mapping
from functools import cache
from textwrap import dedent
from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue


class Part(BaseModel):
    """A part of a spec: frozen, and a key that it does not know is a fault of the person who wrote it.

    Strict: a text is no number and a number no text, except where the language says so. What is dumped can be read
    back with `stored`.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        serialize_by_alias=True,
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema, with the docstring below each field as its description."""
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema)["properties"]
        for key, text in descriptions(cls).items():
            properties[key]["description"] = text
        return schema


@cache
def descriptions(part: type[BaseModel]) -> Mapping[str, str]:
    """The docstring below each field of a part, by the key that people write.

    Read from the source when somebody asks: for all parts that takes longer than to make them.
    """
    texts: dict[str, str] = {}
    for model in reversed(part.mro()):
        if issubclass(model, Part) and model is not Part:
            texts |= _docstrings(model)
    return {field.alias or name: texts[name] for name, field in part.model_fields.items() if name in texts}


def _docstrings(model: type[BaseModel]) -> Mapping[str, str]:
    """The text below each annotated name in the body of a class; none where its source is not there."""
    try:
        source = inspect.getsource(model)
    except OSError:
        return {}
    (definition,) = ast.parse(dedent(source)).body
    assert isinstance(definition, ast.ClassDef)
    texts = {}
    for statement, below in zip(definition.body, definition.body[1:], strict=False):
        match statement, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                texts[name] = inspect.cleandoc(text)
    return texts
