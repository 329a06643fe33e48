"""The language as JSON Schema, for editors: the long forms and the short ones, each key with what it means."""

import json
from typing import Any

from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.environments import KEY

ENVIRONMENTS: dict[str, Any] = {
    "additionalProperties": {"type": "object"},
    "default": {},
    "description": "Other stacks of this file, by name: the keys that differ, merged by key; null removes one. "
    "`--env staging` takes `staging`, and the stack is called shop-staging.",
    "type": "object",
}
SCHEMA_FILE = "docs/schema/stack-v1.json"
"""Where the published schema is kept, from the top of the repository; `deployments.write_schema` writes it."""


def schema() -> dict[str, Any]:
    """The published schema. What parts of a spec say of each other is beyond it, and checked by `load`."""
    made: dict[str, Any] = _tidy(Stack.model_json_schema(by_alias=True))
    made["properties"][KEY] = ENVIRONMENTS
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def schema_text() -> str:
    """The schema as its file holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _tidy(part: Any, *, named: bool = False) -> Any:
    """Without what pydantic adds that no editor knows: bounds on texts with units, and titles that repeat a key.
    `named`: the keys of this part are names of properties and not words of JSON Schema."""
    if isinstance(part, list):
        return [_tidy(item) for item in part]
    if not isinstance(part, dict):
        return part
    if named:
        return {
            name: _tidy({key: value for key, value in item.items() if key != "title"}) for name, item in part.items()
        }
    tidied = {
        key: value if key in ("default", "const", "enum", "required") else _tidy(value, named=key == "properties")
        for key, value in part.items()
        if key not in ("ge", "gt", "le", "lt")
    }
    return {**tidied, "additionalProperties": False} if "patternProperties" in tidied else tidied
