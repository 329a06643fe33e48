"""A stack as a Compose file that runs the same without Tenfold."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from infra_specs.catalogue.images import pinned
from infra_specs.compose.proxy_config import PROXY_PORT, proxy_config
from infra_specs.errors import PlanError
from infra_specs.stackfile.models.service import IMAGES_OWN_ENTRYPOINT, FromNeed, Secret, Service
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.units import duration_text

PORTS = {"database": 5432, "cache": 6379, "queue": 6379}
USER = "app"
CACHE_BYTES = 128 * 2**20
"""Of a cache whose size follows from the users."""
IN_COMPOSE = {"image", "build", "command", "entrypoint", "env", "volumes", "memory", "cpus", "drain"}
"""Keys of a service that Compose has words for. The others are kept below `x-tenfold`, where an import finds them."""

WHAT_STAYS_BEHIND = """\
# {name}, as Compose runs it. What it does not do: follow the number of users, repair drift, replace a release without
# a lost request, back the data up, fetch certificates. Passwords and secrets come from the environment or from .env.
"""


def export_compose(stack: Stack, counts: Mapping[str, int]) -> str:
    """The Compose file. `counts` are the replicas of each service.

    Raises PlanError for a stack that runs programs of a machine, for Compose runs images.
    """
    if stack.target.runs == "processes":
        raise PlanError(
            f"{stack.name} runs programs of its machine (target {stack.target.provider}), and Compose runs images. "
            "Give each service an `image` or a `build`, and the target docker."
        )
    document: dict[str, Any] = {"name": stack.name, "services": dict(_services(stack, counts))}
    names = [name for service in document["services"].values() for name in _volume_names(service)]
    if names:
        document["volumes"] = {name: {} for name in names}
    if config := proxy_config(stack):
        document["services"]["proxy"] = _proxy(stack)
        document["configs"] = {"proxy": {"content": config.replace("$", "$$")}}
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1_000_000)
    return WHAT_STAYS_BEHIND.format(name=stack.name) + text


def _services(stack: Stack, counts: Mapping[str, int]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, service in stack.services.items():
        yield name, _service(stack, name, service, counts.get(name, service.bounds.min))
    if stack.needs.database:
        yield "database", _database()
    if stack.needs.cache:
        yield (
            "cache",
            _valkey(
                "cache",
                f"--maxmemory {stack.needs.cache.memory or CACHE_BYTES} --maxmemory-policy allkeys-lru --save ''",
            ),
        )
    if stack.needs.queue:
        queue = _valkey("queue", "--maxmemory-policy noeviction --appendonly yes --appendfsync always")
        yield "queue", {**queue, "volumes": ["queue:/data"]}


def _service(stack: Stack, name: str, service: Service, count: int) -> dict[str, Any]:
    keys: dict[str, Any] = {"image": service.image} if service.image and not service.build else {}
    if service.build:
        build = service.build
        parts = {"context": build.context, "dockerfile": build.dockerfile, "target": build.target, "args": build.args}
        keys["build"] = {key: _dollars(value) for key, value in parts.items() if value}
    if service.command:
        key = "command" if service.entrypoint == IMAGES_OWN_ENTRYPOINT else "entrypoint"
        own = [] if service.entrypoint in (None, IMAGES_OWN_ENTRYPOINT) else service.entrypoint or []
        keys[key] = _dollars([*own, *service.command])
    keys["environment"] = _environment(stack, name, service)
    if service.volumes:
        keys["volumes"] = [f"{name}-{volume}:{path}" for volume, path in service.volumes.items()]
    limits = {"memory": service.memory and str(int(service.memory)), "cpus": service.cpus and str(service.cpus)}
    deploy: dict[str, Any] = {"replicas": count}
    if given := {key: value for key, value in limits.items() if value}:
        deploy["resources"] = {"limits": given}
    if needs := {need: {"condition": "service_healthy"} for need in PORTS if getattr(stack.needs, need)}:
        keys["depends_on"] = needs
    spec = service.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    kept = {key: value for key, value in spec.items() if key not in IN_COMPOSE}
    tail = {"stop_grace_period": duration_text(service.drain), "restart": "unless-stopped", "x-tenfold": kept}
    return {**keys, "deploy": deploy, **tail}


def _environment(stack: Stack, name: str, service: Service) -> dict[str, str]:
    env = {f"{need.upper()}_URL": _part(need, "url") for need in PORTS if getattr(stack.needs, need)}
    env |= {"TENFOLD_SERVICE": name} | ({"PORT": str(service.port)} if service.port else {})
    env |= {f"{volume.upper().replace('-', '_')}_DIR": path for volume, path in service.volumes.items()}
    for variable, value in service.env.items():
        if isinstance(value, Secret):
            env[variable] = _required(value.secret.upper().replace("-", "_"))
        elif isinstance(value, FromNeed):
            env[variable] = _part(*value.from_need.split("."))
        else:
            env[variable] = _dollars(value)
    return env


def _required(variable: str) -> str:
    return f"${{{variable}:?set it in .env}}"


def _part(need: str, part: str) -> str:
    """What reaches a need, or a part of it."""
    password = _required(f"{need.upper()}_PASSWORD")
    if need == "database":
        url = f"postgresql://{USER}:{password}@database:{PORTS[need]}/{USER}"
        parts = {"url": url, "user": USER, "name": USER}
    else:
        parts = {"url": f"redis://:{password}@{need}:{PORTS[need]}/0"}
    return {**parts, "host": need, "port": str(PORTS[need]), "password": password}[part]


def _database() -> dict[str, Any]:
    return {
        "image": pinned()["database"],
        "environment": {"POSTGRES_USER": USER, "POSTGRES_DB": USER, "POSTGRES_PASSWORD": _part("database", "password")},
        "volumes": ["database:/var/lib/postgresql"],
        "healthcheck": {"test": ["CMD", "pg_isready", "-U", USER], "interval": "5s", "retries": 20},
        "restart": "unless-stopped",
    }


def _valkey(need: str, settings: str) -> dict[str, Any]:
    return {
        "image": pinned()["cache"],
        "command": ["sh", "-c", f'exec valkey-server --requirepass "$$PASSWORD" {settings}'],
        "environment": {"PASSWORD": _part(need, "password")},
        "healthcheck": {
            "test": ["CMD-SHELL", 'valkey-cli -a "$$PASSWORD" --no-auth-warning ping'],
            "interval": "5s",
            "retries": 20,
        },
        "restart": "unless-stopped",
    }


def _proxy(stack: Stack) -> dict[str, Any]:
    """The server that leads requests to services by host and path, as the stack's own proxy does."""
    ports = stack.target.ports
    is_public = any(service.public for service in stack.services.values())
    port = ports.get("public_port" if is_public else "port", PROXY_PORT)
    return {
        "image": pinned()["files"],
        "ports": [f"{port}:{PROXY_PORT}" if is_public else f"127.0.0.1:{port}:{PROXY_PORT}"],
        "configs": [{"source": "proxy", "target": "/etc/nginx/conf.d/default.conf"}],
        "depends_on": [name for name, service in stack.services.items() if service.port],
        "restart": "unless-stopped",
        "x-tenfold": {"proxy": True},
    }


def _volume_names(service: Mapping[str, Any]) -> list[str]:
    return [volume.partition(":")[0] for volume in service.get("volumes", ())]


def _dollars(value: Any) -> Any:
    """A value in which Compose sees no variable."""
    if isinstance(value, dict):
        return {key: _dollars(part) for key, part in value.items()}
    return [_dollars(part) for part in value] if isinstance(value, list) else str(value).replace("$", "$$")
