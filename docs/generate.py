"""Write docs/reference/spec.md from the models of the language: `python docs/generate.py`."""

import json
from pathlib import Path
from typing import Any

from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.units import duration_text, part_text, size_text

PAGE = Path(__file__).parent / "reference" / "spec.md"
INTRO = """# The stack file

*Made from the models by `make docs`; change the docstrings there, not this page.*

One YAML file describes one stack. A key that is not listed here is refused. Editors complete and check the file with
the [JSON Schema](../schema/stack-v1.json). Durations are written like `200ms`, `15s` or `3m`; a bare number is seconds.
Sizes are written like `512MB` or `10GB`, in powers of 1024; a bare number is bytes.
"""
TITLES = {"FromNeed": "A part of a need", "Secret": "A secret"}


def spec_page() -> str:
    """The whole page."""
    schema = Stack.model_json_schema(by_alias=True)
    models = {"Stack": schema, **schema["$defs"]}
    return "\n".join([INTRO, *(_section(name, models[name]) for name in _reached(models))])


def _reached(models: dict[str, Any]) -> list[str]:
    """The models in the order in which a reader meets them."""
    order = ["Stack"]
    for name in order:
        order += [found for found in _named(models[name].get("properties", {})) if found not in order]
    return order


def _named(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [name for item in schema for name in _named(item)]
    if not isinstance(schema, dict):
        return []
    here = [schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else []
    return [
        *dict.fromkeys(here + [name for key, item in schema.items() if key != "discriminator" for name in _named(item)])
    ]


def _section(name: str, model: dict[str, Any]) -> str:
    required = model.get("required", [])
    rows = [
        f"| `{key}` | {_type(field)}{_limits(field)} | {_default(field, key in required)} "
        f"| {_cell(field.get('description', ''))} |"
        for key, field in model["properties"].items()
    ]
    head = ["| key | type | default | meaning |", "|---|---|---|---|"]
    return "\n".join([f"## {TITLES.get(name, name)}", "", model.get("description", ""), "", *head, *rows, ""])


def _type(field: dict[str, Any]) -> str:  # noqa: PLR0911 - one line a form that a schema may have
    for several in ("anyOf", "oneOf"):
        if several in field:
            kinds = [_type(kind) for kind in field[several] if kind.get("type") != "null"]
            if kinds == ["number", "text"]:
                return "part" if any(kind.get("pattern", "").endswith("%$") for kind in field[several]) else "duration"
            return {"whole number, text": "size"}.get(", ".join(kinds), " or ".join(dict.fromkeys(kinds)))
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[1]
        title = TITLES.get(name, name)
        return f"[{title}](#{title.lower().replace(' ', '-')})"
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}"
    if field.get("type") == "object":
        values = field.get("additionalProperties") or next(iter(field.get("patternProperties", {}).values()), {})
        return f"by name: {_type(values)}"
    if field.get("format") == "date":
        return "date"
    return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(field["type"], field["type"])


def _limits(field: dict[str, Any]) -> str:
    kinds = [field, *field.get("anyOf", [])]
    words = {"minimum": "at least {:,}", "exclusiveMinimum": "more than {:,}", "maximum": "at most {:,}"}
    # That something is not below zero goes without saying.
    limits = [
        text.format(kind[key])
        for key, text in words.items()
        for kind in kinds
        if kind.get(key, 0) or (key == "exclusiveMinimum" and key in kind)
    ]
    return f", {', '.join(dict.fromkeys(limits))}" if limits else ""


def _default(field: dict[str, Any], required: bool) -> str:
    if required:
        return "**required**"
    value = field.get("default")
    if value is None or isinstance(value, dict | list):
        return ""
    written = {"duration": duration_text, "size": size_text, "part": part_text}.get(_type(field), json.dumps)
    return f"`{written(value)}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(spec_page(), encoding="utf-8")
