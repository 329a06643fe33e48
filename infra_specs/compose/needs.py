"""Services of a Compose file that a stack has as needs."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra_specs.compose.environment import EnvText
from infra_specs.compose.not_carried import NotCarried
from infra_specs.compose.secret_values import masked_words

NO_HTTP = {
    "mysql", "mysql-server", "mariadb", "mongo", "mongodb", "rabbitmq", "memcached", "kafka", "zookeeper", "cassandra",
    "mssql", "nats", "mosquitto", "percona", "neo4j", "etcd", "beanstalkd", "postgis", "timescaledb", "pgvector",
}  # fmt: skip
"""Images that serve no HTTP, so that nothing of a stack leads to them."""
PROXIES = {
    "traefik", "nginx-proxy", "acme-companion", "caddy-docker-proxy", "haproxy", "nginx-proxy-manager",
}  # fmt: skip
"""Images that do what a stack's own proxy does."""
_LOGIN_NAMES = {
    "user": ("POSTGRES_USER", "POSTGRESQL_USERNAME"), "name": ("POSTGRES_DB", "POSTGRESQL_DATABASE"),
    "password": ("POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD", "REDIS_PASSWORD", "VALKEY_PASSWORD"),
}  # fmt: skip
"""What a server's own variables say of its login."""
_PERSISTENT = re.compile(r"--appendonly[ =]\S+|^\S*(redis|valkey|keydb)-server$")


@dataclass(frozen=True, slots=True)
class Replaced:
    """A service that a need stands in place of, and the login that the file gives it, by the part of the need."""

    need: str
    login: Mapping[str, str]


def image_word(service: Mapping[str, Any]) -> str:
    """The last word of an image's name: `bitnami/postgresql:16` is `postgresql`."""
    return re.split(r"[:@]", str(service.get("image", "")).rsplit("/", 1)[-1])[0]


def need_of(service: Mapping[str, Any]) -> str:
    """The need that stands in place of this service; empty for any other service."""
    word = image_word(service)
    if "build" in service:
        return ""
    if word in ("postgres", "postgresql"):
        return "database"
    if word in ("redis", "valkey", "keydb", "redis-stack-server"):
        return "queue" if "appendonly" in str(service.get("command", "")) or service.get("volumes") else "cache"
    return ""


def replaced_services(services: Mapping[str, Mapping[str, Any]]) -> dict[str, Replaced]:
    """The services that become needs, by name. A stack has each need once: the first service of its kind is it."""
    replaced: dict[str, Replaced] = {}
    for name, service in services.items():
        need = need_of(service)
        if need and need not in {other.need for other in replaced.values()}:
            replaced[name] = Replaced(need, _login(service.get("environment") or {}))
    return replaced


def _login(environment: Mapping[str, EnvText]) -> dict[str, str]:
    login = {
        part: environment[name].text
        for part, names in _LOGIN_NAMES.items()
        for name in names
        if name in environment and environment[name].text
    }
    if "user" in login:
        login.setdefault("name", login["user"])
    return login


def of_replaced_not_carried(name: str, service: Mapping[str, Any]) -> Iterator[NotCarried]:
    """What a service that becomes a need loses beside its data: its command, its settings and its first files."""
    path = f"services.{name}"
    if words := _own_words(service.get("command")) or _own_words(service.get("entrypoint")):
        why = "the need is tuned for its size, and has no command of yours"
        yield NotCarried(
            f"{path}.command `{shlex.join(masked_words(words))}`", why, "leave it out, or run it elsewhere"
        )
    known = {variable for names in _LOGIN_NAMES.values() for variable in names} | {"PGDATA", "POSTGRES_INITDB_ARGS"}
    for variable in (service.get("environment") or {}).keys() - known:
        if variable.startswith(("POSTGRES", "REDIS", "VALKEY")):
            yield NotCarried(f"{path}.environment.{variable}", "the need has settings of its own", "leave it out")
    for volume in service.get("volumes") or ():
        source, target = _mount(volume)
        if "initdb" in target:
            yield NotCarried(f"{path}.volumes `{source}`", "no file is run when the need is made",
                             "run it once by `tenfold run`, or as `before` of a service")  # fmt: skip
        elif target.endswith((".conf", ".cnf", ".d")):
            yield NotCarried(f"{path}.volumes `{source}`", "the need is tuned for its size", "leave it out")


def _own_words(command: Any) -> list[str]:
    """The words of a command, but for those that a queue is made with in any case."""
    words = command.split() if isinstance(command, str) else [str(word) for word in command or ()]
    rest = _PERSISTENT.sub("", " ".join(words)).strip()
    return words if re.sub(r"^\S*(redis|valkey|keydb)-server", "", rest).strip() else []


def _mount(volume: Any) -> tuple[str, str]:
    if isinstance(volume, dict):
        return str(volume.get("source", "")), str(volume.get("target", ""))
    source, _, target = str(volume).partition(":")
    return source, target.partition(":")[0]
