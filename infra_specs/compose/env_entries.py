"""What `env` of a stack file says in place of a Compose file's environment."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from infra_specs.compose.environment import EnvText
from infra_specs.compose.needs import Replaced
from infra_specs.compose.not_carried import NotCarried
from infra_specs.compose.secret_values import is_secret, is_secret_name, masked
from infra_specs.compose.variables import Unset
from infra_specs.stackfile.models.texts import ENV_PATTERN

GIVEN = {"database": "DATABASE_URL", "cache": "CACHE_URL", "queue": "QUEUE_URL"}
"""Variables that a stack gives every service by itself."""
_ENDINGS = {
    "host": ("HOSTNAME", "HOST", "SERVER", "ADDR"), "port": ("PORT",), "user": ("USERNAME", "USER"),
    "password": ("PASSWORD", "PASS", "PWD"), "name": ("DATABASE", "DBNAME", "NAME", "DB"),
}  # fmt: skip
"""How the names of variables end that hold a part of a need."""
_PARTS = {"database": ("host", "port", "user", "password", "name")}
_ADDRESS = re.compile(r"(?P<scheme>(?:jdbc:)?[a-z][\w+.-]*)://(?:[^\s/]*@)?(?P<host>\[[^\]]*\]|[^\s/:?#,@]+)"
                      r"(?::\d+)?(?:/(?P<path>[^\s?#]*))?(?:\?(?P<options>[^\s#]*))?")  # fmt: skip
_HOST_PORT = re.compile(r"(?P<host>[A-Za-z][\w.-]*):\d+(?:/.*)?")
_SCHEMES = {"database": ("postgres", "postgresql", "pgsql"), "cache": ("redis", "valkey"), "queue": ("redis", "valkey")}
NO_SUCH_FORM = "a need says its address and its parts, and not in this form"
IN_PARTS = "make it in the program of {from: NEED.host}, {from: NEED.port} and their like"
BY_NAME = ("services do not reach one another by name", "give the address that the other's `route` has")


def env_of(
    service: str, environment: Mapping[str, EnvText], needs: Mapping[str, Replaced], others: Collection[str]
) -> tuple[dict[str, Any], list[NotCarried]]:
    """The entries, and what of the values is not carried over. `needs` are by the services that they replace.

    A value that leads to a replaced service is taken from its need. What holds a secret becomes one, and so does what
    comes from `.env`, an env file or the shell. Raises Unset for a variable without a value that is a part of a text.
    """
    env: dict[str, Any] = {}
    lost: list[NotCarried] = []
    for name, value in environment.items():
        path = f"services.{service}.environment.{name}"
        if reference := _of_need(name, value, environment, needs):
            need, _, part = reference["from"].partition(".")
            lost += _lost_parts(path, value.text) if part == "url" else []
            if (GIVEN[need], "url") != (name, part):
                env[name] = reference
            continue
        if value.is_null and value.unset and not is_secret_name(name):
            lost.append(NotCarried(path, "it has no value here, so that it is left unset", "give its value in `env`"))
            continue
        lost += _lost_address(path, name, value.text, needs, others)
        entry = _secret(name, value)
        if value.unset and entry is None:
            raise Unset(value.unset)
        env[name] = entry or value.text
    return env, lost


def secrets_apart(
    service: str, environment: Mapping[str, EnvText], env: Mapping[str, Any], values: dict[str, str]
) -> dict[str, Any]:
    """The entries, with a name of its own for each secret that has another value in a service before this one.

    `values` are the values by the names of secrets; those of this service are added.
    """
    apart: dict[str, Any] = {}
    for name, entry in env.items():
        apart[name] = entry
        if isinstance(entry, dict) and "secret" in entry and name in environment:
            text = environment[name].text
            if values.setdefault(entry["secret"], text) != text:
                apart[name] = {"secret": _secret_name(f"{service}_{entry['secret']}")}
    return apart


def without_given(
    service: str, env: Mapping[str, Any], given: Mapping[str, str]
) -> tuple[dict[str, Any], list[NotCarried]]:
    """The entries but those that a stack gives by itself, or has no name for, and what is lost with them.

    `given` are the values that the stack gives.
    """
    kept, lost = dict(env), list[NotCarried]()
    for name, value in env.items():
        path = f"services.{service}.environment.{name}"
        if not re.fullmatch(ENV_PATTERN, name):
            lost.append(NotCarried(path, "a variable is of letters, digits and _", "call it otherwise"))
        elif name in given:
            why = f"a stack gives it by itself, as {given[name]}"
            lost += [] if value == given[name] else [NotCarried(path, why, "let the program read it")]
        elif name == "PORT":
            lost.append(NotCarried(path, "a stack gives it by itself, to services that have a port",
                                   "publish the port in `ports`, or call it otherwise"))  # fmt: skip
        elif name.startswith("TENFOLD_"):
            lost.append(NotCarried(path, "a stack gives such names by itself", "call it otherwise"))
        else:
            continue
        del kept[name]
    return kept, lost


def led_elsewhere(programs: Mapping[str, Mapping[str, Any]], needs: Mapping[str, Replaced]) -> dict[str, str]:
    """The variables by which a program reaches another server than the need that would have the name, by need.

    A stack with a need gives the name to every service, so such a need cannot be made.
    """
    return {
        replaced.need: f"services.{name}.environment.{GIVEN[replaced.need]}"
        for name, service in programs.items()
        for server, replaced in needs.items()
        if (value := service["environment"].get(GIVEN[replaced.need])) and host_in(value.text) != server
    }


def host_in(text: str) -> str:
    """The host of an address, whatever variables are in it; empty for any other text."""
    match = _address(text)
    return match["host"] if match else ""


def _address(text: str) -> re.Match[str] | None:
    return _ADDRESS.match(re.sub(r"\$\{[^}]*\}", "x", text))


def is_host_name(name: str) -> bool:
    """Whether a variable of this name holds a host."""
    return name.upper().endswith(_ENDINGS["host"])


def _of_need(
    name: str, value: EnvText, environment: Mapping[str, EnvText], needs: Mapping[str, Replaced]
) -> dict[str, str] | None:
    """The reference to a need: for its address, its host, or a part beside its host or of its own login."""
    host = host_in(value.text)
    if host in needs:
        need = needs[host].need
        return {"from": f"{need}.url"} if _scheme(value.text) in _SCHEMES[need] else None
    if value.text in needs and is_host_name(name):
        return {"from": f"{needs[value.text].need}.host"}
    base, part = _base_and_part(name)
    if host or not part or part == "host":
        return None
    beside = _host_beside(base, environment)
    if beside is not None:
        need = needs[beside].need if beside in needs else ""
    else:
        need = next((other.need for other in needs.values() if value.text and other.login.get(part) == value.text), "")
        need = need if _is_named_after(base, need) else ""
    return {"from": f"{need}.{part}"} if need and part in _PARTS.get(need, ("host", "port", "password")) else None


def _is_named_after(base: str, need: str) -> bool:
    """Whether the first words of a variable are those of the need: a user `app` by itself is evidence of nothing."""
    words = {"database": r"DB|DATABASE|POSTGRES|POSTGRESQL|PG|SQL", "cache": r"REDIS|CACHE|VALKEY"}
    return bool(need) and bool(re.search(rf"({words.get(need, 'REDIS|QUEUE|BROKER|VALKEY')})_*$", base.upper()))


def _base_and_part(name: str) -> tuple[str, str]:
    """`APP_DB_PASSWORD` is the password of `APP_DB_`, and `PGUSER` the user of `PG`; no part for any other name."""
    for part, endings in _ENDINGS.items():
        for ending in endings:
            base = name[: -len(ending)]
            if name.upper().endswith(ending) and (base.endswith(("_", "-", ".")) or base.upper() == "PG"):
                return base, part
    return name, ""


def _host_beside(base: str, environment: Mapping[str, EnvText]) -> str | None:
    """The host that a variable of the same first words holds; None where there is none."""
    for other, value in environment.items():
        if _base_and_part(other) == (base, "host"):
            return match["host"] if (match := _HOST_PORT.fullmatch(value.text)) else host_in(value.text) or value.text
    return None


def _scheme(text: str) -> str:
    match = _address(text)
    return match["scheme"].partition("+")[0].removesuffix("s" if match["scheme"] == "rediss" else "") if match else ""


def _lost_parts(path: str, text: str) -> list[NotCarried]:
    """The driver, the options and the number of a database in an address that a need's own stands in place of."""
    match = _address(text)
    driver = match["scheme"].partition("+")[2] if match else ""
    number = match["path"] if match and _scheme(text) == "redis" else ""
    parts = [f"the driver `{driver}`"] if driver else []
    parts += [f"the number {number} of the database"] if number and number.strip("/0") else []
    parts += ["its options"] if match and match["options"] else []
    if not parts:
        return []
    why = f"the need's own address is given in its place, without {' and '.join(parts)}"
    return [NotCarried(f"{path} `{masked(text)}`", why, "add them in the program")]


def _lost_address(
    path: str, name: str, text: str, needs: Mapping[str, Replaced], others: Collection[str]
) -> list[NotCarried]:
    """What a value that leads to another service, or to a need in a form that it has not, can no longer reach."""
    match = _HOST_PORT.fullmatch(text)
    host = match["host"] if match else host_in(text) or (text if is_host_name(name) else "")
    if host in needs:
        return [NotCarried(f"{path} `{masked(text)}`", NO_SUCH_FORM, IN_PARTS.replace("NEED", needs[host].need))]
    return [NotCarried(f"{path} `{masked(text)}`", *BY_NAME)] if host in others else []


def _secret(name: str, value: EnvText) -> dict[str, str] | None:
    if value.unset and value.variable:
        return {"secret": _secret_name(value.variable)}
    if (value.is_taken and value.text) or is_secret(name, value.text):
        return {"secret": _secret_name(name)}
    return None


def _secret_name(name: str) -> str:
    return re.sub(r"[^a-z0-9_-]", "_", name.lower())
