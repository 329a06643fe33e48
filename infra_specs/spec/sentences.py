"""Pydantic's errors in our words: what was found, what is allowed, and the nearest to it that is."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from infra_specs.spec.faults import Fault, either, found, nearest
from infra_specs.spec.needs import Needs
from infra_specs.spec.place import Path, Place, choices, keys, place
from infra_specs.spec.plain import Document
from infra_specs.spec.service import Service, secret_pattern
from infra_specs.spec.stack import Stack
from infra_specs.spec.target import later_targets
from infra_specs.spec.users import Users
from infra_specs.spec.wanted import code, patterns, wanted

_other_words = {
    "cmd": "command", "run": "command", "entrypoint": "command", "environment": "env", "cwd": "folder",
    "workdir": "folder", "instances": "replicas", "scale": "replicas", "count": "replicas", "healthcheck": "health",
    "db": "database", "postgres": "database", "redis": "cache", "valkey": "cache", "hostname": "host", "domain": "host",
    "ports": "port", "expose": "port", "apps": "services", "cost": "budget", "type": "provider",
}  # fmt: skip
"""What other tools call it; only where the right word is allowed."""
_homes = (
    (Stack, "at the top of the file"),
    (Service, "in a service"),
    (Needs, "under `needs`"),
    (Users, "under `users`"),
)

_Sentence = Callable[[dict[str, Any], Any, Place], str]


def faults(errors: ValidationError, document: Document) -> list[Fault]:
    """Each error as one fault; those that only follow from a fault that the document has already are left out."""
    said = [_fault(error, document) for error in errors.errors(include_url=False)]
    return [fault for fault in said if fault is not None]


def _fault(error: ErrorDetails, document: Document) -> Fault | None:
    there = place(error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    path = there.path
    if kind in ("union_tag_invalid", "union_tag_not_found") and "provider" in str(context.get("discriminator")):
        path = (*path, "provider")
    known = document.known(path)
    if _follows(known, kind, document):
        return None
    if kind == "extra_forbidden" and there.owner is not None:
        return Fault(path, _unknown(str(path[-1]), there.owner), document.key_lines.get(path))
    if there.of_key:
        return Fault(path, f"must be {patterns[context['pattern']]}.", document.key_lines.get(path))
    if kind == "missing":
        about = there.field.description if there.field else None
        return Fault(path, f"required, and missing: {about}", line_of(known, document))
    return Fault(known, _said(kind, context, known, there, document), line_of(known, document))


def _said(kind: str, context: dict[str, Any], known: Path, there: Place, document: Document) -> str:
    value = document.at(known)
    if known in document.written and kind != "bool_type":
        word = document.written[known]
        read = f"found {word}, which YAML reads as {found(value)}; {wanted(kind, context, there)}. "
        return f'{read}Quote it where a text is meant: "{word}".'
    if kind in _sentences:
        return _sentences[kind](context, value, there)
    return f"found {found(value)}, {wanted(kind, context, there)}."


def line_of(path: Path, document: Document) -> int | None:
    """Where a value is mended: its own line if it is a single value, else the line of its key."""
    value = document.at(path)
    own = document.value_lines.get(path)
    return document.key_lines.get(path, own) if isinstance(value, dict | list) else own


def _follows(path: Path, kind: str, document: Document) -> bool:
    """Whether a fault only says again what a broken value beside or above it has said."""
    if any(path[:length] in document.broken for length in range(len(path) + 1)):
        return True
    return kind == "value_error" and path in document.around_broken


def _unquoted(_: dict[str, Any], value: Any, __: Place) -> str:
    if isinstance(value, int | float):
        return f'found {found(value)}, must be a text. Quote it: "{found(value)}".'
    return f"found {found(value)}, must be a text."


def _literal(context: dict[str, Any], value: Any, there: Place) -> str:
    allowed = choices(there.type)
    near = nearest(value, [str(choice) for choice in allowed]) if len(allowed) > 1 else ""
    return f"found {found(value)}, {wanted('literal_error', context, there)}.{near}"


def _pattern(context: dict[str, Any], value: Any, there: Place) -> str:
    name = wanted("string_pattern_mismatch", context, there)
    if context["pattern"] == secret_pattern:  # a secret's value written instead of its name must not be shown
        return f"found {len(str(value))} characters that are not one, {name}. Set it: tenfold secret set NAME."
    return f"found {found(value)}, {name}."


def _own(context: dict[str, Any], value: Any, _: Place) -> str:
    said = str(context["error"])
    return f"{said}." if isinstance(value, dict | list) else f"found {found(value)}: {said}."


def _wrong_branch(context: dict[str, Any], value: Any, _: Place) -> str:
    """A union's tag that no branch has: the target's provider."""
    given = value if not isinstance(value, dict) else context.get("tag")
    allowed = [word.strip().strip("'") for word in context["expected_tags"].split(",")]
    if given in later_targets:
        return f"`{given}` is not in this version. Available: {', '.join(allowed)}."
    return f"found {found(given)}, must be {either(code(word) for word in allowed)}.{nearest(given, allowed)}"


def _no_branch(context: dict[str, Any], value: Any, _: Place) -> str:
    """A union's tag that is not there: no provider, or an environment value of no known form."""
    if "provider" in str(context.get("discriminator")):
        return "required, and missing: which target, `local` or `memory`."
    keys_near = (
        "".join(dict.fromkeys(nearest(key, ["secret", "from"]) for key in value)) if isinstance(value, dict) else ""
    )
    return f"found {found(value)}, must be a text, {{secret: NAME}} or {{from: database.host}}.{keys_near}"


_sentences: dict[str, _Sentence] = {
    "string_type": _unquoted,
    "literal_error": _literal,
    "string_pattern_mismatch": _pattern,
    "value_error": _own,
    "union_tag_invalid": _wrong_branch,
    "union_tag_not_found": _no_branch,
}


def _unknown(key: str, owner: type[BaseModel]) -> str:
    allowed = sorted(keys(owner))
    word = _other_words.get(key)
    hint = f" Did you mean `{word}`?" if word in allowed else nearest(key, allowed)
    if not hint:
        homes = [where for model, where in _homes if model is not owner and (word in keys(model) or key in keys(model))]
        hint = f" `{word if word and key not in _all_keys else key}` belongs {homes[0]}." if homes else ""
    return f"unknown key.{hint} Allowed here: {', '.join(allowed)}."


_all_keys = {key for model, _ in _homes for key in keys(model)}
