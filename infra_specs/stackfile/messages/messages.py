"""Pydantic's errors in our words: what was found, what is allowed, and the nearest to it that is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from infra_specs.stackfile.messages.document import Document
from infra_specs.stackfile.messages.expectations import NOT_TEXT, PATTERNS, code, expectation
from infra_specs.stackfile.messages.faults import Fault, either, found, nearest, shortened
from infra_specs.stackfile.messages.location import Location, Path, choices, keys, locate
from infra_specs.stackfile.models.alerts import Alerts
from infra_specs.stackfile.models.clients import Timeouts
from infra_specs.stackfile.models.health import HealthCheck
from infra_specs.stackfile.models.metrics import Metrics
from infra_specs.stackfile.models.model import descriptions
from infra_specs.stackfile.models.needs import Needs
from infra_specs.stackfile.models.route import Route, RouteTimeouts
from infra_specs.stackfile.models.scaling import Scaling
from infra_specs.stackfile.models.service import SECRET_PATTERN, Bounds, Service
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import TARGETS, Aws, Docker, Local, Swarm
from infra_specs.stackfile.models.tls import Tls
from infra_specs.stackfile.models.users import Users

_OTHER_WORDS = {
    "cmd": "command", "run": "command", "environment": "env", "cwd": "folder",
    "workdir": "folder", "instances": "replicas", "scale": "replicas", "count": "replicas", "healthcheck": "health",
    "db": "database", "postgres": "database", "redis": "cache", "valkey": "cache", "hostname": "host", "domain": "host",
    "ports": "port", "expose": "port", "apps": "services", "cost": "budget", "type": "provider",
    "https": "tls", "ssl": "tls", "cert": "certificate", "volume": "volumes", "mounts": "volumes", "disk": "volumes",
    "migrate": "before", "migrations": "before", "release_command": "before", "drain_timeout": "drain",
    "stop_grace_period": "drain", "trusted_proxies": "trust_proxies", "trust_proxy": "trust_proxies",
    "trusted_ips": "trust_proxies", "timeout": "timeouts", "request_timeout": "request", "upload_timeout": "upload",
    "response_timeout": "request", "read_timeout": "request", "idle_timeout": "idle", "session_affinity": "sticky",
    "start_timeout": "start", "startup": "start", "start_period": "start", "boot_timeout": "start",
    "deploy_timeout": "start", "file": "dockerfile", "buildargs": "args", "stage": "target", "servers": "hosts",
    "nodes": "hosts", "machines": "hosts", "ip": "address", "ssh_key": "key", "identity_file": "key",
    "private_key": "key", "bastion": "jump", "proxyjump": "jump", "username": "user", "ssh_port": "port",
    "mail": "email", "alert": "alerts", "alerting": "alerts", "notify": "alerts", "notifications": "alerts",
    "recipients": "to", "receivers": "to", "quiet_hours": "quiet", "caution": "prefer",
}  # fmt: skip
"""What other tools call it; only where the right word is allowed."""
_MOST_HINTS = 1_000
"""Finding the nearest key is most of the work; nobody reads the hint of a later fault than this."""
_SECTIONS = (
    (Stack, "at the top of the file"),
    (Service, "in a service"),
    (Needs, "under `needs`"),
    (Alerts, "under `alerts`"),
    (Tls, "under `tls`"),
    (Timeouts, "under `timeouts`"),
    (Users, "under `users`"),
    (HealthCheck, "under a service's `health`"),
    (Route, "under a service's `route`"),
    (RouteTimeouts, "under a route's `timeouts`"),
    (Bounds, "under a service's `replicas`"),
    (Scaling, "under a service's `scaling`"),
    (Metrics, "under `scaling: metrics`"),
)

_MODELS_WITH_HINTS = (*(model for model, _ in _SECTIONS), Local, Docker, Swarm, Aws)
"""Where words of other places are found."""


def faults(errors: ValidationError, document: Document) -> list[Fault]:
    """Each error as one fault; those that only follow from a fault that the document has already are left out."""
    listed = enumerate(errors.errors(include_url=False))
    text = [_fault(error, document, hinted=index < _MOST_HINTS) for index, error in listed]
    return [fault for fault in text if fault is not None]


def _fault(error: ErrorDetails, document: Document, *, hinted: bool) -> Fault | None:
    kind, context = error["type"], error.get("ctx", {})
    location = locate(error["loc"], of_key=kind == "string_pattern_mismatch")
    path = location.path
    if kind in ("union_tag_invalid", "union_tag_not_found") and "provider" in str(context.get("discriminator")):
        path = (*path, "provider")
    known = document.known(path)
    if _is_consequence(known, kind, document):
        return None
    if kind == "extra_forbidden" and location.owner is not None:
        return Fault(path, _unknown(str(path[-1]), location.owner, hinted=hinted), document.key_lines.get(path))
    if location.of_key:
        return Fault(path, f"must be {PATTERNS[context['pattern']]}.", document.key_lines.get(path))
    if kind == "missing":
        about = descriptions(location.owner).get(str(path[-1])) if location.owner else None
        return Fault(path, f"required, and missing: {about}", line_of(known, document))
    shown = path if kind == "union_tag_not_found" else known
    return Fault(shown, _message(kind, context, known, location, document), line_of(known, document))


def _message(kind: str, context: dict[str, Any], known: Path, location: Location, document: Document) -> str:
    value = document.at(known)
    text_shown = found(value)
    if known in document.written and document.written[known] != text_shown:
        text_shown = f"{document.written[known]}, which YAML reads as {text_shown}"
    elif isinstance(value, str) and value and kind in NOT_TEXT:
        text_shown = f"the text {text_shown}"
    if _may_be_an_address(known, value):
        form = expectation(kind, context, location)
        return f"found {len(value)} characters, {form}. {_STORE_IT}"
    if kind in _MESSAGES:
        return _MESSAGES[kind](_Case(context, value, text_shown, location, document.written.get(known)))
    optional = location.field is not None and not location.field.is_required()
    leave = " Or leave the key out." if value is None and optional else ""
    return f"found {text_shown}, {expectation(kind, context, location)}.{leave}"


_STORE_IT = (
    "An address may hold a token or a password, which is never in the file. Store it with: tenfold secret set STACK "
    "NAME. Then write {secret: NAME} here."
)


def _may_be_an_address(path: Path, value: Any) -> bool:
    """Whether a text that is wrong here may be an address with a token: it is not shown."""
    return isinstance(value, str) and bool(value) and path[:1] == ("alerts",) and path[-1] not in ("quiet", "secret")


def line_of(path: Path, document: Document) -> int | None:
    """Where a value is mended: its own line if it is a single value, else the line of its key."""
    value = document.at(path)
    own = document.value_lines.get(path)
    return document.key_lines.get(path, own) if isinstance(value, dict | list) else own


def _is_consequence(path: Path, kind: str, document: Document) -> bool:
    """Whether a fault only says again what a broken value beside or above it has said."""
    if any(path[:length] in document.broken for length in range(len(path) + 1)):
        return True
    return kind == "value_error" and path in document.around_broken


@dataclass(frozen=True, slots=True)
class _Case:
    """One error: what pydantic knows of it, the value that was written, how it is shown, and its word if a boolean."""

    context: dict[str, Any]
    value: Any
    text_shown: str
    location: Location
    word: str | None


def _unquoted(case: _Case) -> str:
    quoted = case.word or (str(case.value) if isinstance(case.value, int | float) else None)
    hint = f' Quote it: "{shortened(quoted)}".' if quoted else ""
    return f"found {case.text_shown}, must be a text.{hint}"


def _literal(case: _Case) -> str:
    allowed = choices(case.location.type)
    near = nearest(case.value, [str(choice) for choice in allowed]) if len(allowed) > 1 else ""
    of_text = isinstance(case.value, str) and not any(isinstance(choice, str) for choice in allowed)
    expected = expectation("literal_error", case.context, case.location)
    return f"found {'the text ' if of_text else ''}{case.text_shown}, {expected}.{near}"


def _pattern(case: _Case) -> str:
    name = expectation("string_pattern_mismatch", case.context, case.location)
    if case.context["pattern"] == SECRET_PATTERN:  # a secret's value written instead of its name must not be shown
        return f"found {len(str(case.value))} characters, {name}. Its value is set by: tenfold secret set STACK NAME."
    return f"found {case.text_shown}, {name}."


def _empty(_: _Case) -> str:
    return "must not be empty."


def _validator_message(case: _Case) -> str:
    """A validator of our models, whose words these are; of a mapping it speaks as a whole."""
    text = str(case.context["error"])
    return f"{text}." if isinstance(case.value, dict) else f"found {case.text_shown}: {text}."


def _wrong_provider(case: _Case) -> str:
    near = nearest(case.value, TARGETS)
    return f"found {case.text_shown}, must be {either(code(word) for word in TARGETS)}.{near}"


def _no_branch(case: _Case) -> str:
    """No provider, or a value of no known form: a certificate's, or an environment's."""
    if case.location.owner is Tls:
        return f"found {case.text_shown}, must be the path of a file, or {{secret: NAME}}."
    if case.location.path[:2] == ("alerts", "to"):
        return f"found {case.text_shown}, must be a plain mail address, as ops@example.com, or {{secret: NAME}}."
    if case.location.path == ("target",):
        return f"required, and missing: {either(code(name) for name in TARGETS)}."
    hints = dict.fromkeys(
        nearest(key, ["secret", "from"]) for key in (case.value if isinstance(case.value, dict) else ())
    )
    return f"found {case.text_shown}, must be a text, {{secret: NAME}} or {{from: database.host}}.{''.join(hints)}"


_MESSAGES: dict[str, Callable[[_Case], str]] = {
    "string_type": _unquoted,
    "literal_error": _literal,
    "string_pattern_mismatch": _pattern,
    "string_too_short": _empty,
    "too_short": _empty,
    "value_error": _validator_message,
    "union_tag_invalid": _wrong_provider,
    "union_tag_not_found": _no_branch,
}


def _unknown(key: str, owner: type[BaseModel], *, hinted: bool) -> str:
    allowed = sorted(keys(owner))
    word = _OTHER_WORDS.get(key, key)
    hint = f" Did you mean `{word}`?" if word in allowed else _section_hint(word, owner)
    hint = hint or (nearest(key, allowed) if hinted else "")
    return f"unknown key.{hint} Allowed here: {', '.join(allowed)}."


def _section_hint(word: str, owner: type[BaseModel]) -> str:
    """Where a word belongs that is right, and stands in a wrong place."""
    sections = [where for model, where in _SECTIONS if word in keys(model)]
    return f" `{word}` belongs {either(sections)}." if sections and owner in _MODELS_WITH_HINTS else ""
