"""Services of a Compose file that a stack has as needs, and the variables that lead to them."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from infra_specs.compose.variables import Unfilled, filled, whole_variable
from infra_specs.projects.leans_on import VARIABLES

GIVEN = {"database": "DATABASE_URL", "cache": "CACHE_URL", "queue": "QUEUE_URL"}
"""Variables that a stack gives every service by itself."""
NO_HTTP = {
    "mysql", "mariadb", "mongo", "mongodb", "rabbitmq", "memcached", "kafka", "zookeeper", "cassandra", "mssql", "nats",
    "mosquitto", "percona", "neo4j", "etcd", "beanstalkd", "postgis", "timescaledb", "pgvector",
}  # fmt: skip
"""Images that serve no HTTP, so that nothing of a stack leads to them."""
PROXIES = {
    "traefik", "nginx-proxy", "acme-companion", "caddy-docker-proxy", "haproxy", "nginx-proxy-manager",
}  # fmt: skip
"""Images that do what a stack's own proxy does."""
SECRET = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY|_KEY$|_DSN$")
_PARTS = {
    "host": ("HOST", "HOSTNAME"), "port": ("PORT",), "user": ("USER", "USERNAME"), "password": ("PASSWORD", "PASS"),
    "name": ("DB", "DATABASE", "NAME", "DBNAME"), "url": ("URL", "URI"),
}  # fmt: skip
"""How the names of variables end that hold a part of a need."""


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


def env_of(environment: Mapping[str, Any], needs: Mapping[str, str]) -> dict[str, Any]:
    """What `env` says in place of a Compose file's environment. `needs` are needs by the services they replace.

    What leads to a need is taken from it, what holds a secret becomes one, and what a stack gives is left out.
    Raises Unset for a variable without a value that is only a part of a text.
    """
    env: dict[str, Any] = {}
    for name, value in environment.items():
        text = "" if value is None else _text(value)
        entry = _of_need(name, text, needs) or _secret(name, value) or text
        if isinstance(value, Unfilled) and isinstance(entry, str):
            filled(value, {})  # raises
        if not isinstance(entry, dict) or GIVEN.get(_need(entry)) != name or not entry["from"].endswith(".url"):
            env[name] = entry
    return env


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _need(entry: Mapping[str, str]) -> str:
    return entry.get("from", "").partition(".")[0]


def _of_need(name: str, text: str, needs: Mapping[str, str]) -> dict[str, str]:
    """The reference to a need for a value that leads to it: its address, its host, or a part named beside one."""
    if (host := host_in(text)) in needs:
        return {"from": f"{needs[host]}.url"}
    if text in needs:
        return {"from": f"{needs[text]}.host"}
    for need in dict.fromkeys(needs.values()):
        part = VARIABLES[need].get(name) or _part_by_prefix(name, need)
        if part and not (need != "database" and part in ("user", "name")):
            return {"from": f"{need}.{part}"}
    return {}


def _part_by_prefix(name: str, need: str) -> str:
    """`APP_DB_PASSWORD` and `WORDPRESS_DB_USER` are parts of a database."""
    words = {"database": r"(DB|DATABASE|POSTGRES|POSTGRESQL|PG)", "cache": r"(REDIS|CACHE|VALKEY)",
             "queue": r"(REDIS|QUEUE|BROKER|VALKEY)"}[need]  # fmt: skip
    match = re.fullmatch(rf"(?:\w+_)?{words}_([A-Z]+)", name)
    return next((part for part, endings in _PARTS.items() if match and match[2] in endings), "")


def host_in(text: str) -> str:
    """The host of an address, whatever variables are in it; empty for any other text."""
    return (urlsplit(re.sub(r"\$\{[^}]*\}", "x", text)).hostname or "") if "://" in text else ""


def _secret(name: str, value: Any) -> dict[str, str]:
    if isinstance(value, Unfilled) and (variable := whole_variable(value)):
        return {"secret": variable.lower()}
    return {"secret": name.lower()} if SECRET.search(name) and value not in (None, "") else {}
