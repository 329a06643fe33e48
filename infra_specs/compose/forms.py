"""The form of each key of a service, checked before anything reads it: every fault names the key."""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra_specs.compose.amounts import bytes_of, seconds_of
from infra_specs.errors import SpecError


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, list | dict)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_scalar, value))


def _is_mapping_or_list(value: Any) -> bool:
    return _is_list(value) or (isinstance(value, dict) and all(map(_is_scalar, value.values())))


def _is_list_of_parts(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(item, list) or item is None for item in value)


def _is_env_file(value: Any) -> bool:
    entries = value if isinstance(value, list) else [value]
    return all(_is_text(entry) or (_is_mapping(entry) and _is_text(entry.get("path"))) for entry in entries)


def _is_command(value: Any) -> bool:
    try:
        return _is_list(value) or (_is_text(value) and shlex.split(value) is not None)
    except ValueError:
        return False


def _is_count(value: Any) -> bool:
    return not isinstance(value, bool) and bool(re.fullmatch(r"\d{1,9}", str(value)))


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and bool(re.fullmatch(r"\d{1,9}(\.\d*)?|\.\d+", str(value)))


def _is_duration(value: Any) -> bool:
    return seconds_of(value) is not None


def _is_size(value: Any) -> bool:
    return bytes_of(value) is not None


Form = tuple[Callable[[Any], bool], str]
MAPPING: Form = (_is_mapping, "a mapping")
TEXT: Form = (_is_text, "a text")
PAIRS: Form = (_is_mapping_or_list, "a mapping of names and values, or a list of NAME=value")
COMMAND: Form = (_is_command, "a text whose quotes are closed, or a list of words")
DURATION: Form = (_is_duration, "a duration such as 90s or 1m30s")
SIZE: Form = (_is_size, "a size such as 512m")
NUMBER: Form = (_is_number, "a number of processors such as 0.5")
COUNT: Form = (_is_count, "a whole number")
FORMS: Mapping[tuple[str, ...], Form] = {
    ("image",): TEXT,
    ("build",): (lambda value: _is_text(value) or _is_mapping(value), "a folder or a mapping"),
    ("build", "context"): TEXT,
    ("build", "dockerfile"): TEXT,
    ("build", "target"): TEXT,
    ("build", "args"): PAIRS,
    ("command",): COMMAND,
    ("entrypoint",): COMMAND,
    ("environment",): PAIRS,
    ("env_file",): (_is_env_file, "a path or a list of paths"),
    ("labels",): PAIRS,
    ("ports",): (_is_list_of_parts, "a list such as [8080:80]"),
    ("volumes",): (_is_list_of_parts, "a list such as [data:/srv/data]"),
    ("profiles",): (_is_list, "a list of names"),
    ("depends_on",): (lambda value: _is_list(value) or _is_mapping(value), "a list or a mapping"),
    ("healthcheck",): MAPPING,
    ("healthcheck", "test"): (lambda value: _is_text(value) or _is_list(value), "a text or a list of words"),
    ("healthcheck", "start_period"): DURATION,
    ("healthcheck", "interval"): DURATION,
    ("stop_grace_period",): DURATION,
    ("deploy",): MAPPING,
    ("deploy", "replicas"): COUNT,
    ("deploy", "labels"): PAIRS,
    ("deploy", "resources"): MAPPING,
    ("deploy", "resources", "limits"): MAPPING,
    ("deploy", "resources", "limits", "memory"): SIZE,
    ("deploy", "resources", "limits", "cpus"): NUMBER,
    ("scale",): COUNT,
    ("mem_limit",): SIZE,
    ("cpus",): NUMBER,
    ("restart",): (_is_scalar, "a text"),
    ("extends",): (lambda value: _is_text(value) or _is_mapping(value), "the name of a service, or a mapping"),
}


def refuse_forms(file: str, name: str, service: Mapping[str, Any]) -> None:
    """Raise SpecError for the first key of the service that has another form than Compose gives it."""
    for path, (is_right, form) in FORMS.items():
        for value in _values(service, path):
            if value is not None and not is_right(value):
                raise SpecError(f"{file}: services.{name}.{'.'.join(path)} must be {form}.")


def _values(service: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Any]:
    """The value at this path, if it is there. What is above it was found to be a mapping before."""
    value: Any = service
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return
        value = value[key]
    yield value
