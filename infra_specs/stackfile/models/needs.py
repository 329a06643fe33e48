"""What the app leans on, run for it: database, cache, queue."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from infra_specs.stackfile.models.model import Part
from infra_specs.stackfile.models.units import Size


class Database(Part):
    """A PostgreSQL with generated credentials, tuned for its size. DATABASE_URL reaches it."""

    engine: Literal["postgres"] = "postgres"
    """Which database."""
    memory: Size | None = Field(default=None, ge=64 * 2**20, le=2**40)
    """Memory; sized from the users unless given."""
    storage: Size | None = Field(default=None, ge=2**28, le=64 * 2**40)
    """Disk; sized from the users unless given."""


class Cache(Part):
    """A Valkey (the Redis protocol) that forgets the least used when full, and everything when it ends: for copies of
    what is kept elsewhere, and not for jobs. CACHE_URL reaches it."""

    engine: Literal["valkey"] = "valkey"
    """Which cache."""
    memory: Size | None = Field(default=None, ge=8 * 2**20, le=2**40)
    """Memory; sized from the users unless given."""


class Queue(Part):
    """A Valkey (the Redis protocol) for jobs. It forgets nothing: each is on the disk before it is answered for, and a
    full queue refuses more. QUEUE_URL reaches it."""

    engine: Literal["valkey"] = "valkey"
    """Which queue."""
    memory: Size | None = Field(default=None, ge=8 * 2**20, le=2**40)
    """Memory for what waits; sized from the users unless given."""
    storage: Size | None = Field(default=None, ge=2**28, le=64 * 2**40)
    """Disk; four times the memory unless given."""


MONITORING_TEXTS = {
    "prometheus": "this version runs no Prometheus; leave the key out, and let one of yours read /metrics of the "
    "control plane",
    "grafana": "this version runs no Grafana; `builtin` has a status page, a report and /metrics, which a Prometheus "
    "of yours reads for your Grafana",
}


def _monitoring(value: Any) -> Any:
    if isinstance(value, str) and value in MONITORING_TEXTS:
        raise ValueError(MONITORING_TEXTS[value])
    return value


def _engine(value: Any) -> Any:
    return {"engine": value} if isinstance(value, str) else value


class Needs(Part):
    """What the services lean on."""

    database: Annotated[Database, BeforeValidator(_engine, Literal["postgres"] | Database)] | None = None
    """`postgres`, or its settings."""
    cache: Annotated[Cache, BeforeValidator(_engine, Literal["valkey"] | Cache)] | None = None
    """`valkey`, or its settings."""
    queue: Annotated[Queue, BeforeValidator(_engine, Literal["valkey"] | Queue)] | None = None
    """`valkey`, or its settings."""
    monitoring: Annotated[Literal["builtin"], BeforeValidator(_monitoring)] = "builtin"
    """The status page, the report and /metrics of the control plane, which every stack has."""
