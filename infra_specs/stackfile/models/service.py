"""One service: a program in any number of equal replicas."""

import shlex
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from infra_specs.resources.patience import PROBE_MISSES, PROBE_TIMEOUT_SECONDS, probing_seconds
from infra_specs.stackfile.models.build import Build
from infra_specs.stackfile.models.health import HealthCheck, HealthPath, health_check
from infra_specs.stackfile.models.image_name import Image
from infra_specs.stackfile.models.model import Part
from infra_specs.stackfile.models.route import Route, StaticFiles
from infra_specs.stackfile.models.scaling import Scaling
from infra_specs.stackfile.models.texts import EnvName, Text
from infra_specs.stackfile.models.units import Duration, Size, duration_text
from infra_specs.stackfile.models.volumes import MountPath, VolumeName

NAME_PATTERN = r"^[a-z][a-z0-9-]{0,39}$"
"""What the ledger may hold: an earlier version took a dash at the end of a service's name."""
_NAME_SCHEMA = {"type": "string", "pattern": r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$"}
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
"""A small letter, then small letters, digits and dashes; at most 40."""
ServiceName = Annotated[str, Field(pattern=NAME_PATTERN), WithJsonSchema(_NAME_SCHEMA)]
"""The same, with no dash at its end: images and hosts are named after it."""

SECRET_PATTERN = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"  # noqa: S105 - the pattern of a name


class Secret(Part):
    """A secret of the stack, set with `tenfold secret set`."""

    secret: Annotated[str, Field(pattern=SECRET_PATTERN)]
    """The secret's name. Its value is never in the file."""


class FromNeed(Part):
    """What a need is reached by, for apps that want it in parts."""

    from_need: Literal[
        "database.url", "database.host", "database.port", "database.user", "database.password", "database.name",
        "cache.url", "cache.host", "cache.port", "cache.password",
        "queue.url", "queue.host", "queue.port", "queue.password",
    ] = Field(alias="from")  # fmt: skip
    """The need and what of it, as in `database.host`."""


def _env_form(value: Any) -> str | None:
    if isinstance(value, Secret) or (isinstance(value, dict) and "secret" in value):
        return "secret"
    if isinstance(value, FromNeed) or (isinstance(value, dict) and "from" in value):
        return "from"
    return None if isinstance(value, dict | list) or value is None else "text"


EnvValue = Annotated[
    Annotated[Text, Tag("text")] | Annotated[Secret, Tag("secret")] | Annotated[FromNeed, Tag("from")],
    Discriminator(_env_form),
]


Count = Annotated[int, Field(ge=0, le=10_000)]


class Bounds(Part):
    """Between how many replicas the service may be scaled."""

    min: Count = 1
    """Never fewer than this."""
    max: int | None = Field(default=None, ge=1, le=10_000)
    """Never more than this; by default the design capacity."""

    @model_validator(mode="after")
    def _ordered(self) -> "Bounds":
        if self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is more than max {self.max}")
        return self


def _bounds(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"min": value, "max": max(value, 1)}
    return value


def _command(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value)
    except ValueError:
        raise ValueError("cannot be split into words; a quote is never closed, or a \\ ends the line") from None


def _program(words: list[str]) -> list[str]:
    if not words[0]:
        raise ValueError("the first word names the program and must not be empty")
    return words


_COMMAND_FORMS = Annotated[str, Field(min_length=1)] | Annotated[list[str | int | float], Field(min_length=1)]
Command = Annotated[
    list[Text],
    Field(min_length=1),
    AfterValidator(_program),
    BeforeValidator(_command, _COMMAND_FORMS),
]
IMAGES_OWN_ENTRYPOINT = ["image"]
"""The entrypoint that stands for the image's own."""


def _build(value: Any) -> Any:
    return {"context": value} if isinstance(value, str) else value


class Service(Part):
    """A program of yours: started in as many equal replicas as the users need."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": [key]} for key in ("command", "image", "build")]}
    )

    command: Command | None = None
    """What starts one replica: a line, split as a shell splits words but run without a shell, or a list of words."""
    image: Image | None = None
    """The container image, on targets that run containers. Without a command it starts as it says itself."""
    entrypoint: Command | None = None
    """What `command`, `before` and `tenfold run` are given to, where containers run: words, or `image` for the
    image's own ENTRYPOINT. Without it they run as they are written."""
    before: Command | None = None
    """Run once, in the new image, before the replicas of a release get traffic: migrations. If it fails, none does."""
    build: Annotated[Build, BeforeValidator(_build, Annotated[str, Field(min_length=1)] | Build)] | None = None
    """In place of an image, how it is made: the folder of its Dockerfile, or {context: ., target: web}."""
    folder: Annotated[str, Field(min_length=1)] = "."
    """Where the command runs, from the spec file's own folder; on the local target, in each release's copy of it."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """That it serves HTTP, and where: none for a worker. On the local target each replica gets a free port in PORT."""
    health: Annotated[HealthCheck, BeforeValidator(health_check, HealthPath | HealthCheck)] = HealthCheck()
    """The path that answers 200 when a replica can take requests, or {path: /healthz, interval: 2s}."""
    start: Duration = Field(default=60, ge=1, le=3600)
    """How long a replica may take from its start to its first answer. It has failed if it has not answered then."""
    restart_after: Duration = Field(default=300, ge=0, le=86_400)
    """How long a replica may be without an answer, though its process runs, until it is replaced with what is in it."""
    drain: Duration = Field(default=30, ge=0, le=3600)
    """How long requests, streams and WebSockets that are under way in a replica are waited for before it is stopped."""
    watch: Duration = Field(default=60, ge=0, le=3600)
    """How long a new release is watched after it took over: it is undone if clearly more of its requests fail than of
    the release before it, or if it crashes. 0 is not at all."""
    env: dict[EnvName, EnvValue] = {}
    """Environment: texts, `{secret: NAME}`, or `{from: database.host}`. DATABASE_URL, CACHE_URL, QUEUE_URL and
    PORT are given."""
    secrets: Literal["env", "files"] = "env"
    """On targets that run containers, `files` gives what holds a secret as a file whose path is in `<NAME>_FILE`."""
    memory: Size | None = Field(default=None, ge=8 * 2**20, le=2**42)
    """Memory that one replica may use at most, on targets that run containers; as much as there is unless given."""
    cpus: float | None = Field(default=None, ge=0.01, le=1024)
    """Processor cores that one replica may use at most, on targets that run containers."""
    volumes: dict[VolumeName, MountPath] = {}
    """Folders whose data outlives every replica, by name: {data: /var/lib/app}. `NAME_DIR` holds the path, on every
    target: `DATA_DIR` that of `data`, `USER_FILES_DIR` that of `user-files`. With volumes the service has one replica,
    for the data is in one place."""
    replicas: Annotated[Bounds, BeforeValidator(_bounds, Count | Bounds)] = Bounds()
    """A fixed number, or bounds: {min: 2, max: 20}."""
    pool: int = Field(default=10, ge=1, le=1000)
    """Connections to the database that one replica opens at most, its processes together. The database is sized for
    all replicas that there may be. 1 for a service that opens none: a replica of it may count as one at no cost."""
    scaling: Scaling = Scaling()
    """How the number of replicas follows the demand; the default needs no word."""
    capacity: float = Field(default=10, ge=0.001, le=100_000)
    """Requests in flight that one replica serves well."""
    share: float = Field(default=1, ge=0, le=1)
    """The part of the whole demand that reaches this service."""
    route: Route = Route()
    """Which requests the proxy sends here."""
    public: bool = False
    """Listen beyond loopback. Without it nothing outside this machine can reach the service."""

    @field_validator("restart_after")
    @classmethod
    def _longer_than_probes(cls, seconds: float, info: ValidationInfo) -> float:
        health = info.data.get("health")
        if isinstance(health, HealthCheck) and seconds < (least := probing_seconds(health.interval)):
            raise ValueError(
                f"must be {duration_text(least)} or more, for so long probes take to tell that a replica does not "
                f"answer ({PROBE_MISSES} in a row, {duration_text(PROBE_TIMEOUT_SECONDS)} each)"
            )
        return seconds

    @model_validator(mode="after")
    def _startable(self) -> "Service":
        if self.command is None and self.image is None and self.build is None:
            raise ValueError("give it a command, an image or a build")
        if self.port is None and self.public:
            raise ValueError("a public service needs a port")
        if self.volumes and max(self.replicas.min, self.replicas.max or 1) > 1:
            raise ValueError(
                "with volumes it has exactly one replica, for their data is in one place only: leave `replicas` out, "
                "or keep the data in a database and leave `volumes` out"
            )
        return self

    @property
    def bounds(self) -> Bounds:
        """Between how many replicas it may have: what is written, and one at most with volumes."""
        return Bounds(min=self.replicas.min, max=1) if self.volumes else self.replicas

    @property
    def static(self) -> StaticFiles | None:
        """The files that a server beside it answers with; None where nothing leads to it."""
        return self.route.static if self.port is not None else None


def with_images_own_entrypoint(service: Any) -> Any:
    """A service as the ledger has it. Of an earlier version it knows no entrypoint: that of its image was used."""
    if isinstance(service, dict) and "entrypoint" not in service and (service.get("image") or service.get("build")):
        return {**service, "entrypoint": IMAGES_OWN_ENTRYPOINT}
    return service
