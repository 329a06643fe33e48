"""A spec file's text, or a request's data, as a Stack; or every fault in it, in one message."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from infra_specs.errors import SpecError
from infra_specs.stackfile.messages.document import Document
from infra_specs.stackfile.messages.faults import Fault, Unreadable, found, refusal
from infra_specs.stackfile.messages.location import Path
from infra_specs.stackfile.messages.messages import faults, line_of
from infra_specs.stackfile.models.service import with_images_own_entrypoint
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.environments import KEY, Environment, in_environment, own_environments
from infra_specs.stackfile.reading.json_data import from_json
from infra_specs.stackfile.reading.names import Crossing
from infra_specs.stackfile.reading.plain_data import from_nodes
from infra_specs.stackfile.reading.references import Sound, as_written, crossings
from infra_specs.stackfile.reading.yaml_nodes import compose


def load(text: str, source: str = "stack.yaml", environment: Environment | None = None) -> Stack:
    """The stack that a file's text describes, in an environment if one is given. Raises SpecError with all faults,
    each with its line; `source` names the file in them."""
    document = _document(text, source)
    own = own_environments(document)
    if environment is not None:
        beside = _document(environment.text, environment.file) if environment.file else None
        document = in_environment(document, own, environment, beside, source)
    return _checked(document, source, written=True)


def _document(text: str, source: str) -> Document:
    try:
        return from_nodes(compose(text), _kept_as_written)
    except Unreadable as end:
        raise refusal([end.fault], source) from None


def from_data(data: object, source: str = "stack") -> Stack:
    """The stack that plain data describes, as it comes through an API. Raises SpecError with all faults."""
    try:
        return _checked(from_json(data), source)
    except Unreadable as end:
        raise refusal([end.fault], source) from None


def stored(data: object) -> Stack:
    """The stack that the ledger holds, as `Stack.model_dump(mode="json")` wrote it, perhaps by another version of
    Tenfold: keys that this one does not know are left out. Raises SpecError."""
    source = "the stored stack"
    try:
        document = from_json(data)
        if document.faults:
            raise refusal(document.faults, source)
        return Stack.model_validate(_with_entrypoints(document.data), extra="ignore")
    except Unreadable as end:
        raise refusal([end.fault], source) from None
    except ValidationError as errors:
        raise refusal(faults(errors, document), source) from None


def _with_entrypoints(data: Any) -> Any:
    services = data.get("services") if isinstance(data, dict) else None
    if not isinstance(services, dict):
        return data
    return {**data, "services": {name: with_images_own_entrypoint(service) for name, service in services.items()}}


def _checked(document: Document, source: str, *, written: bool = False) -> Stack:
    if not isinstance(document.data, dict):
        said = f"found {found(document.data)}, must be a mapping with `name`, `target` and `services`."
        raise refusal(document.faults or [Fault((), said, document.value_lines.get(()))], source)
    try:
        stack = Stack.model_validate(document.data)
        found_faults, sound = document.faults, Sound.of(stack)
    except ValidationError as errors:
        found_faults, sound = [*document.faults, *faults(errors, document)], Sound.within(document)
    crossed = [Fault(path, text, line_of(document.known(path), document)) for path, text in _crossed(sound, written)]
    if found_faults or crossed:
        raise refusal([_of_its_file(fault, document) for fault in (*found_faults, *crossed)], source)
    return stack


def _of_its_file(fault: Fault, document: Document) -> Fault:
    return fault if fault.source else replace(fault, source=document.source_of(fault.path))


def _crossed(sound: Sound, written: bool) -> Iterator[Crossing]:
    yield from crossings(sound)
    if written:
        yield from as_written(sound)


def _kept_as_written(path: Path) -> bool:
    """Whether a number at a path is a text to us: 1.10 in an environment is not 1.1, nor 010 eight; 18:00 is a time."""
    path = path[2:] if path[:1] == (KEY,) else path
    if len(path) < 4 or path[0] != "services":
        return False
    if path[2:4] == ("scaling", "schedule"):
        return path[-1] in ("at", "until")
    return path[2] in ("env", "command", "before", "entrypoint") or path[2:4] == ("build", "args")


__all__ = ["SpecError", "from_data", "load", "stored"]
