"""What is allowed, for each type of pydantic's errors that the models can produce."""

from collections.abc import Callable
from typing import Any

from infra_specs.stackfile.messages.faults import either
from infra_specs.stackfile.messages.location import Location, Path, choices
from infra_specs.stackfile.models.alerts import MAIL_PATTERN, QUIET_PATTERN, Alerts
from infra_specs.stackfile.models.backup import ENDPOINT_PATTERN, REGION_PATTERN, STORE_PATTERN, TIME_PATTERN
from infra_specs.stackfile.models.build import STAGE_PATTERN, Build
from infra_specs.stackfile.models.clients import Timeouts
from infra_specs.stackfile.models.health import HealthCheck
from infra_specs.stackfile.models.hosts import (
    ADDRESS_PATTERN,
    FINGERPRINT_PATTERN,
    KEY_PATTERN,
    USER_PATTERN,
    Host,
    JumpHost,
)
from infra_specs.stackfile.models.image_name import IMAGE_PATTERN
from infra_specs.stackfile.models.job import Job
from infra_specs.stackfile.models.metrics import URL_PATTERN, Metrics
from infra_specs.stackfile.models.needs import Cache, Database, Needs, Queue
from infra_specs.stackfile.models.route import (
    HOST_PATTERN,
    PATH_PATTERN,
    Route,
    RouteTimeouts,
    StaticFiles,
)
from infra_specs.stackfile.models.scaling import AT_PATTERN, UNTIL_PATTERN, Period, Scaling
from infra_specs.stackfile.models.service import (
    NAME_PATTERN,
    SECRET_PATTERN,
    Bounds,
    Secret,
    Service,
)
from infra_specs.stackfile.models.target import ENGINE_PATTERN, FLEET_PATTERN, PROFILE_PATTERN
from infra_specs.stackfile.models.texts import ENV_PATTERN
from infra_specs.stackfile.models.tls import DIRECTORY_PATTERN, EMAIL_PATTERN, Tls
from infra_specs.stackfile.models.users import Users
from infra_specs.stackfile.models.volumes import MOUNT_PATTERN, VOLUME_PATTERN

PATTERNS = {
    NAME_PATTERN: "a name: a small letter, then small letters, digits and dashes, at most 40 in all",
    ENV_PATTERN: "a variable's name: letters, digits and _, and no digit first",
    SECRET_PATTERN: "the name of a secret: letters, digits, _ and -, at most 100 in all",
    PATH_PATTERN: "a path that begins with / and has no spaces",
    IMAGE_PATTERN: "an image's name, as postgres:18 or registry.example.com/shop:2",
    ENGINE_PATTERN: "an engine's address, as unix:///var/run/docker.sock or tcp://docker.example.com:2376",
    FLEET_PATTERN: "the name of a stack: a small letter, then small letters, digits and dashes, at most 40 in all",
    PROFILE_PATTERN: "the name of a profile of your AWS credentials, at most 100 characters and no spaces",
    ADDRESS_PATTERN: "the address of a host, as 10.0.0.11 or host.example.com; user and port have keys of their own",
    USER_PATTERN: "the name of an account, as root or deploy",
    FINGERPRINT_PATTERN: "a fingerprint as `ssh-keygen -lf` prints it: SHA256: and 43 letters, digits, + and /",
    KEY_PATTERN: "the path of a private key from / or ~/ on, as ~/.ssh/id_ed25519",
    STAGE_PATTERN: "the name of a stage, as in FROM ... AS web",
    VOLUME_PATTERN: "a volume's name: a small letter, then small letters, digits and dashes, at most 30 in all",
    MOUNT_PATTERN: "a path from / on, as /var/lib/app, of letters, digits and . _ @ + -",
    AT_PATTERN: "days and a time of day, as Mon-Fri 08:00 or Sat,Sun 10:00, or a time alone for every day",
    TIME_PATTERN: 'a time of day, as "03:00"',
    MAIL_PATTERN: "a plain mail address, as ops@example.com, or {secret: NAME}",
    QUIET_PATTERN: 'hours and a time zone, as "22:00-07:00 Europe/Berlin"',
    STORE_PATTERN: "the path of a folder from / on, as /mnt/backups, or a bucket, as s3://backups/shop",
    ENDPOINT_PATTERN: "the address of a server without a path, as https://s3.example.com",
    REGION_PATTERN: "the name of a region, as eu-central-1",
    UNTIL_PATTERN: "a time of day, as 18:00",
    URL_PATTERN: "an address without a password, as http://prometheus.internal:9090",
    EMAIL_PATTERN: "an address for letters, as ops@example.com",
    DIRECTORY_PATTERN: "the address of an ACME directory, as https://ca.example.com/acme/directory",
    HOST_PATTERN: "a host name in small letters, as shop.example.com or *.example.com, or * for any",
}
FORMS: dict[Any, str] = {
    HealthCheck: "a path such as /healthz, or a mapping such as {path: /healthz, interval: 5s}",
    Bounds: "a whole number, or bounds such as {min: 2, max: 20}",
    Database: "`postgres`, or a mapping of its settings",
    Cache: "`valkey`, or a mapping of its settings",
    Queue: "`valkey`, or a mapping of its settings",
    Secret: "{secret: NAME}",
    Alerts: "a mapping such as {to: [ops@example.com, {secret: slack}], smtp: {secret: smtp}}",
    Needs: "a mapping such as {database: postgres, cache: valkey}",
    Build: "the folder of a Dockerfile, or a mapping such as {context: ., target: web}",
    Tls: "a mapping such as {email: ops@example.com}, or {certificate: fullchain.pem, key: privkey.pem}",
    Timeouts: "a mapping such as {upload: 1h}",
    Users: "a mapping such as {monthly: 1000, response_time: 200ms}",
    Route: "a mapping such as {path: /api}",
    StaticFiles: "a mapping such as {path: /media, volume: media}",
    RouteTimeouts: "a mapping such as {request: 30s, idle: 1h}",
    Scaling: "a mapping such as {latency: 300ms, step: 10}",
    Metrics: "a mapping such as {prometheus: http://prometheus.internal:9090, queue: sum(jobs_waiting)}",
    Period: 'a mapping such as {at: "Mon-Fri 08:00", min: 6}',
    Job: 'a mapping such as {service: web, command: python clean.py, at: "04:30"}',
    Service: "a mapping such as {command: python app.py, port: 8000}",
    Host: "the address of a host, or a mapping such as {address: 10.0.0.13, user: deploy, port: 2222}",
    JumpHost: "the address of a host, or a mapping such as {address: bastion.example.com, user: deploy}",
}


NO_EXPECTATION = "must be of another form"
"""Said of an error that this module has no words for yet; tests find none."""


def expectation(kind: str, context: dict[str, Any], location: Location) -> str:
    """`must be ...`, for one of pydantic's types of error at a place."""
    number = location.unit.text if location.unit else _number
    if kind == "string_pattern_mismatch":
        return f"must be {PATTERNS[context['pattern']]}"
    text = _PLAIN.get(kind) or _BY_LOCATION.get(kind, _default)(location)
    return text.format(
        **{name: number(bound) if bound else "0" for name, bound in context.items() if isinstance(bound, int | float)}
    )


def code(choice: Any) -> str:
    """A value as it is written in a file."""
    return f"`{choice}`" if isinstance(choice, str) else str(choice)


def _number(value: float) -> str:
    return f"{value:.15g}"


_MAPPINGS: dict[Path, str] = {
    ("services",): "must be a mapping of names to services",
    ("target",): "must be a mapping such as {{provider: local}}",
}


def _default(_: Location) -> str:
    return NO_EXPECTATION


def _list(location: Location) -> str:
    if location.path == ("target", "hosts"):
        return "must be a list of addresses such as [10.0.0.11, 10.0.0.12]"
    if location.path == ("alerts", "to"):
        return "must be a list such as [ops@example.com, {{secret: slack}}]"
    if location.path == ("trust_proxies",):
        return "must be a list of networks such as [10.0.0.0/8]"
    return (
        "must be a line or a list of words"
        if location.path[-1:] in (("command",), ("before",), ("entrypoint",))
        else "must be a list"
    )


def _mapping(location: Location) -> str:
    if location.path in _MAPPINGS:
        return _MAPPINGS[location.path]
    if location.path[-1:] in (("env",), ("args",)):
        return "must be a mapping such as {{NAME: value}}"
    if location.path[-1:] == ("volumes",):
        return "must be a mapping such as {{data: /var/lib/app}}"
    return f"must be {FORMS.get(location.type, 'a mapping')}".replace("{", "{{").replace("}", "}}")


NOT_TEXT = {"int_type", "float_type", "bool_type", "list_type", "dict_type", "model_type", "model_attributes_type"}
"""The errors by which a text may be one only because of its quotes."""
_PLAIN = {
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be at most {le}",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "string_type": "must be a text",
    "string_too_long": "must have at most {max_length} characters",
    "too_long": "must have at most {max_length} entries",
}
_BY_LOCATION: dict[str, Callable[[Location], str]] = {
    "list_type": _list,
    "dict_type": _mapping,
    "model_type": _mapping,
    "model_attributes_type": _mapping,
    "literal_error": lambda location: f"must be {either(code(choice) for choice in choices(location.type))}",
}
