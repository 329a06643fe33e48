"""One service: a program in any number of equal replicas."""

import re
import shlex
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from infra_specs.spec.model import Part

name_pattern = r"^[a-z][a-z0-9-]{0,39}$"
Name = Annotated[str, Field(pattern=name_pattern)]
"""A small letter, then small letters, digits and dashes; at most 40."""

env_pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"
EnvName = Annotated[str, Field(pattern=env_pattern)]


class Secret(Part):
    """A secret of the stack, set with `tenfold secret set`."""

    secret: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$")]
    """The secret's name. Its value is never in the file."""


class FromNeed(Part):
    """What a need is reached by, for apps that want it in parts."""

    from_need: Literal[
        "database.url", "database.host", "database.port", "database.user", "database.password", "database.name",
        "cache.url", "cache.host", "cache.port", "cache.password",
    ] = Field(alias="from")  # fmt: skip
    """The need and what of it, as in `database.host`."""


def _env_value(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


EnvValue = Annotated[str | Secret | FromNeed, BeforeValidator(_env_value)]


class Bounds(Part):
    """Between how many replicas the service may be scaled."""

    min: int = Field(default=1, ge=0, le=10_000)
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


def _host(value: str) -> str:
    if value != "*" and not re.fullmatch(
        r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?", value
    ):
        raise ValueError("a host name in small letters, as in shop.example.com, or * for any")
    return value


class Route(Part):
    """Which requests the proxy sends to this service."""

    host: Annotated[str, AfterValidator(_host)] = "*"
    """The host name asked for; `*` is any."""
    path: Annotated[str, Field(pattern=r"^/[!-~]*$")] = "/"
    """The beginning of the path; the longest that fits wins."""


def _command(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value)
    except ValueError as unclosed:
        raise ValueError(f"cannot be split into words: {unclosed}") from None


Command = Annotated[list[str], BeforeValidator(_command), Field(min_length=1)]


class Service(Part):
    """A program of yours: started in as many equal replicas as the users need."""

    command: Command | None = None
    """What starts one replica: a line, split as a shell splits words but run without a shell, or a list of words."""
    image: Annotated[str, Field(min_length=1)] | None = None
    """The container image, on targets that run containers."""
    folder: Annotated[str, Field(min_length=1)] = "."
    """Where the command runs, from the spec file's own folder."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """That it serves HTTP, and where: none for a worker. On the local target each replica is given a free port in PORT."""
    health: Annotated[str, Field(pattern=r"^/[!-~]*$")] = "/healthz"
    """The path that answers 200 when a replica can take requests."""
    env: dict[EnvName, EnvValue] = {}
    """Environment: texts, `{secret: NAME}`, or `{from: database.host}`. DATABASE_URL, CACHE_URL and PORT are given."""
    replicas: Annotated[Bounds, BeforeValidator(_bounds)] = Bounds()
    """A fixed number, or bounds: {min: 2, max: 20}."""
    capacity: float = Field(default=10, gt=0, le=100_000)
    """Requests in flight that one replica serves well."""
    share: float = Field(default=1, ge=0, le=1)
    """The part of the whole demand that reaches this service."""
    route: Route = Route()
    """Which requests the proxy sends here."""
    public: bool = False
    """Listen beyond loopback. Without it nothing outside this machine can reach the service."""

    @model_validator(mode="after")
    def _startable(self) -> "Service":
        if self.command is None and self.image is None:
            raise ValueError("give it a command or an image")
        if self.port is None and self.public:
            raise ValueError("a public service needs a port")
        return self
