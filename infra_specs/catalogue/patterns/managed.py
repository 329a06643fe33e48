"""Programs that AWS runs: tasks of Fargate behind a balancer, on managed databases and caches.

network ─▶ proxy ─▶ service ─▶ route        secret, role, logs: what a task is started with
   └─────▶ database, cache ─▶ secret
"""

from collections.abc import Mapping

from infra_specs.catalogue import cache as caches
from infra_specs.catalogue import database as databases
from infra_specs.catalogue import web
from infra_specs.catalogue.context import Context
from infra_specs.catalogue.recipes import ZONES, Recipe, recipe_of
from infra_specs.errors import PlanError
from infra_specs.resources.address import Address
from infra_specs.resources.resource import Ref, Resource, SecretRef, Setting, references
from infra_specs.sizing.fargate import fargate_size
from infra_specs.sizing.files import FilesSize
from infra_specs.sizing.managed import cache_class, database_class, storage_gigabytes
from infra_specs.sizing.needs import CacheSize, DatabaseSize
from infra_specs.sizing.queue import QueueSize
from infra_specs.stackfile.models.route import StaticFiles
from infra_specs.stackfile.models.service import IMAGES_OWN_ENTRYPOINT, Service
from infra_specs.stackfile.models.target import Aws
from infra_specs.stackfile.reading.aws import LONGEST_IDLE

NETWORK, ROLE, LOGS = str(Address("network", "main")), str(Address("role", "main")), str(Address("logs", "main"))
POSTGRES_VERSION, VALKEY_VERSION = "17", "8.0"


def foundation(context: Context) -> tuple[Resource, ...]:
    """The VPC with its cluster, the log group, and the role that tasks are started with."""
    stack, recipe = context.stack.name, _recipe(context)
    network: dict[str, Setting] = {"cidr": _target(context).cidr, "zones": ZONES, "nat": recipe.nat}
    return (
        Resource(stack, NETWORK, "network", network, mutable=("nat",)),
        Resource(stack, LOGS, "logs", {"days": recipe.log_days}, mutable=("days",)),
        Resource(stack, ROLE, "role", {"logs": Ref(LOGS, "arn")}, mutable=("logs",)),
    )


def database(context: Context, size: DatabaseSize) -> tuple[Resource, ...]:
    """An RDS PostgreSQL. Data lives in it, so it is never replaced by a plan."""
    name = database_class(size.memory, size.connections)
    if name is None:
        raise PlanError(f"{context.stack.name}: no class of RDS is so large as this database. Lower its `memory`.")
    recipe = _recipe(context)
    settings: dict[str, Setting] = {
        "engine": "postgres",
        "version": POSTGRES_VERSION,
        "user": databases.USER,
        "name": databases.NAME,
        "password": SecretRef(databases.PASSWORD, context.secrets.get(databases.PASSWORD, 1)),
        "class": name,
        "storage": storage_gigabytes(size),
        "zones": recipe.database_zones,
        "backup_days": recipe.backup_days,
        "subnets": Ref(NETWORK, "data_subnets"),
        "group": Ref(NETWORK, "database_group"),
    }
    mutable = ("password", "class", "storage", "zones", "backup_days")
    return (Resource(context.stack.name, databases.ADDRESS, "database", settings, mutable, stateful=True),)


def cache(context: Context, size: CacheSize) -> tuple[Resource, ...]:
    """An ElastiCache for Valkey, reached by TLS only. It forgets what it holds when its one node ends."""
    name = cache_class(size.memory)
    if name is None:
        raise PlanError(f"{context.stack.name}: no class of ElastiCache is so large as this cache. Lower its `memory`.")
    settings: dict[str, Setting] = {
        "engine": "valkey",
        "version": VALKEY_VERSION,
        "password": SecretRef(caches.NEED.password, context.secrets.get(caches.NEED.password, 1)),
        "class": name,
        "nodes": _recipe(context).cache_nodes,
        "subnets": Ref(NETWORK, "data_subnets"),
        "group": Ref(NETWORK, "cache_group"),
    }
    return (Resource(context.stack.name, caches.NEED.address, "cache", settings, mutable=("class", "nodes")),)


def queue(context: Context, _size: QueueSize) -> tuple[Resource, ...]:
    """Refused when a file is read: what is left is a file that an earlier version took."""
    raise PlanError(f"{context.stack.name}: the aws target has no queue. Remove `queue`.")


def service(context: Context, name: str, spec: Service, count: int) -> tuple[Resource, ...]:
    """The secrets that its tasks are given, and the service itself."""
    texts = _secret_variables(context, spec)
    secrets = (
        Resource(context.stack.name, secret_address(name, variable), "secret", {"text": value}, mutable=("text",))
        for variable, value in texts.items()
    )
    settings = program(context, name, spec)
    if spec.port is not None:
        settings |= {
            "listener": Ref(web.PROXY_ADDRESS, "listener"),
            "network": Ref(NETWORK, "vpc"),
            "drain": float(spec.drain),  # its default is a whole number, and a fingerprint tells them apart
            "sticky": spec.route.sticky,
        }
    return (*secrets, *web.copies(context, name, spec, count, settings))


def program(context: Context, name: str, spec: Service) -> dict[str, Setting]:
    """What one task runs. Its environment holds no secret: tasks are given those by their names and versions."""
    size = fargate_size(spec.cpus, spec.memory)
    if size is None:
        raise PlanError(f"{context.stack.name}: {name} is larger than a Fargate task may be. Lower memory or cpus.")
    secret = _secret_variables(context, spec)
    recipe, env = _recipe(context), {**web.environment(spec, context), **web.own_name(name)}
    settings: dict[str, Setting] = {
        "command": list(spec.command or ()),
        "image": spec.image,
        "env": {variable: value for variable, value in env.items() if variable not in secret},
        "secrets": {variable: Ref(secret_address(name, variable), "version") for variable in secret},
        "secret_versions": _versions(secret),
        "serves": spec.port is not None,
        **web.asking(spec.health),
        "port": spec.port,
        "cpu": size.cpu,
        "memory": size.memory,
        "processor": recipe.processor,
        "public_address": not recipe.nat_gateways,
        "subnets": Ref(NETWORK, "task_subnets"),
        "group": Ref(NETWORK, "task_group"),
        "cluster": Ref(NETWORK, "cluster"),
        "role": Ref(ROLE, "arn"),
        "logs": Ref(LOGS, "name"),
    }
    if spec.entrypoint != IMAGES_OWN_ENTRYPOINT and (spec.command or spec.entrypoint):
        settings["entrypoint"] = list(spec.entrypoint or ())
    if known := context.images.get(spec.image or ""):
        settings["image_id"] = known
    return settings


def files(context: Context, name: str, _static: StaticFiles, _size: FilesSize) -> dict[str, Setting]:
    """Refused when a file is read, as a queue is."""
    raise PlanError(f"{context.stack.name}: {name} cannot have `static` on the aws target. Remove it.")


def proxy(context: Context) -> Resource:
    """A load balancer and its listeners."""
    told = {key: value for key, value in web.proxy_settings(context).items() if key not in web.CLIENT_SETTINGS}
    idle = [service.route.timeouts.idle for service in context.stack.services.values() if service.port is not None]
    settings: dict[str, Setting] = {
        **told,
        "idle": max((seconds for seconds in idle if seconds is not None), default=LONGEST_IDLE),
        "secure": context.stack.tls is not None,
        "network": Ref(NETWORK, "vpc"),
        "subnets": Ref(NETWORK, "balancer_subnets"),
        "group": Ref(NETWORK, "balancer_group"),
    }
    return web.proxy(context, settings, in_place=("tls", "idle", *web.FETCHED_SETTINGS))


def secret_address(service: str, variable: str) -> str:
    """Where the text of a service's variable is kept: `secret/web-database-url`."""
    return str(Address("secret", f"{service}-{variable.lower().replace('_', '-')}"))


def _secret_variables(context: Context, spec: Service) -> dict[str, Setting]:
    """The variables whose text holds a secret."""
    return {name: value for name, value in web.environment(spec, context).items() if _secrets(value)}


def _versions(texts: Mapping[str, Setting]) -> dict[str, Setting]:
    """Secret -> its version, so that a new version is a new release."""
    return {ref.secret: ref.version for value in texts.values() for ref in _secrets(value)}


def _secrets(value: Setting) -> tuple[SecretRef, ...]:
    return tuple(reference for reference in references(value) if isinstance(reference, SecretRef))


def _recipe(context: Context) -> Recipe:
    return recipe_of(_target(context))


def _target(context: Context) -> Aws:
    target = context.stack.target
    assert isinstance(target, Aws)
    return target
