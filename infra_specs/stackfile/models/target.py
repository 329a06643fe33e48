"""Where a stack runs. A target is data; the code that acts there is its provider.

Each target says what it is: `runs` (processes, containers, or managed, where a service of somebody else's runs both),
`counted` (that a service is one resource with a count, in place of one resource a replica), `reconcile_seconds`
(reconcile looks at a stack on it no more often; 0 is as often as the installation's timer), `tells` (that it says
at once what ended or became unwell, so that the timer is a safety net), `shares_ports` (a front leads to several stacks
at one port), and `encrypts_caches` (a cache is reached by TLS only).
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import ConfigDict, Field, PrivateAttr, model_validator

from infra_specs.errors import PlanError
from infra_specs.stackfile.models.aws import DEFAULT_CIDR, Cidr, RecipeName, Region
from infra_specs.stackfile.models.hosts import KEY_PATTERN, MOST_HOSTS, FleetHosts, ListedHost
from infra_specs.stackfile.models.image_name import Image, Registry
from infra_specs.stackfile.models.model import Part

ENGINE_PATTERN = r"^(unix|tcp|http|https)://[!-~]+$"
PROFILE_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_.@/+:-]{0,99}$"
FLEET_PATTERN = r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$"


Runs: TypeAlias = Literal["processes", "containers", "managed"]


class _Target(Part):
    runs: ClassVar[Runs]
    reconcile_seconds: ClassVar[float] = 0.0
    tells: ClassVar[bool] = False
    encrypts_caches: ClassVar[bool] = False
    shares_ports: ClassVar[bool] = False

    price_per_replica: float | None = Field(default=None, ge=0, le=1_000_000)
    """USD a month that one replica costs you here, where no price book knows it."""

    @property
    def ports(self) -> Mapping[str, int]:
        """The ports of this target that the spec gives, by their keys."""
        return {}

    @property
    def machine(self) -> str:
        """Which machine of its provider it is: targets that name the same share its memory."""
        return ""


class _OneMachine(_Target):
    """A target whose proxy listens on ports of one machine."""

    counted: ClassVar[bool] = False

    @property
    def ports(self) -> Mapping[str, int]:
        """The ports of this target that the spec gives, by their keys."""
        given = {name: getattr(self, name) for name in ("port", "public_port")}
        return {name: port for name, port in given.items() if port is not None}


class Containers(Part):
    """A target whose programs are containers, each from an image."""

    images: dict[Image, Image] = {}
    """Other images in place of some, where these cannot be had: `postgres: registry.example.com/postgres:18`."""
    mirror: Registry | None = None
    """A registry, and a path in it, which images without a registry in their name are taken from."""


class Local(_OneMachine):
    """Supervised processes on this machine. Nothing but Python is needed."""

    runs = "processes"
    tells = True
    shares_ports = True

    provider: Literal["local"]
    """`local`"""
    port: int | None = Field(default=None, ge=1024, le=65535)
    """The proxy's port on loopback; a free one unless given."""
    public_port: int | None = Field(default=None, ge=1, le=65535)
    """The proxy's port for public services, on every address; a free one unless given."""


class Docker(_OneMachine, Containers):
    """Containers on one Docker Engine, in a private network of the stack's own."""

    runs = "containers"
    tells = True
    shares_ports = True

    provider: Literal["docker"]
    """`docker`"""
    host: Annotated[str, Field(pattern=ENGINE_PATTERN)] | None = None
    """The engine, as DOCKER_HOST names it; unless given DOCKER_HOST itself, or else the socket of this machine."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """The proxy's port on the engine's loopback; a free one unless given."""
    public_port: int | None = Field(default=None, ge=1, le=65535)
    """The proxy's port for public services, on every address of the engine; a free one unless given."""

    @property
    def machine(self) -> str:
        """The engine, as far as the spec names it."""
        return self.host or ""


class Memory(_Target):
    """A pretended world in a file, for trying things out and for tests: nothing runs."""

    runs = "managed"
    shares_ports = True

    provider: Literal["memory"]
    """`memory`"""
    counted: bool = False
    """Pretend that a service is one resource with a count, in place of one resource a replica."""
    late_outputs: int = Field(default=0, ge=0, le=100)
    """Pretend that what others refer to of a thing is known only after so many looks at it."""
    late_endings: int = Field(default=0, ge=0, le=100)
    """Pretend that what is removed is gone only after so many looks at it."""
    proxies: int = Field(default=1, ge=1, le=9)
    """Pretend that so many proxies share the requests, and each counts its own."""
    period: float | None = Field(default=None, ge=1, le=3600)
    """Pretend that the target measures itself, in periods of so many seconds, and no proxy counts."""


class Swarm(_Target, Containers):
    """Containers on a fleet of hosts, which are reached by SSH and joined in one Docker Swarm."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [key]} for key in ("hosts", "fleet")]})

    runs = "containers"
    counted: ClassVar[bool] = False

    provider: Literal["swarm"]
    """`swarm`"""
    hosts: Annotated[list[ListedHost], Field(min_length=1, max_length=MOST_HOSTS)] | None = None
    """The fleet's hosts: addresses, or mappings such as {address: 10.0.0.13, user: deploy, port: 2222}."""
    key: Annotated[str, Field(pattern=KEY_PATTERN)] | None = None
    """The private key that logs in, as ~/.ssh/id_ed25519; unless given an agent's, or else a usual one of ~/.ssh."""
    fleet: Annotated[str, Field(pattern=FLEET_PATTERN)] | None = None
    """In place of hosts: the name of the stack that lists them, to run beside it."""
    public_port: int | None = Field(default=None, ge=1, le=65535)
    """The proxy's port for public services, on every host: 80 unless given, or 443 with `tls`."""
    price_per_host: float | None = Field(default=None, ge=0, le=1_000_000)
    """USD a month of one more host, so that `advise` can say what missing ones cost."""
    _placed: FleetHosts | None = PrivateAttr(None)

    @property
    def ports(self) -> Mapping[str, int]:
        """The ports of this target that the spec gives, by their keys."""
        return {} if self.public_port is None else {"public_port": self.public_port}

    @property
    def machine(self) -> str:
        """The fleet, once it is placed: stacks on one fleet share its memory."""
        return self._placed.name if self._placed else ""

    def fleet_name(self, stack: str) -> str:
        """The fleet of a stack on this target: the one that it names, or its own."""
        return self.fleet or stack

    def placed_on(self, fleet: FleetHosts) -> "Swarm":
        """The same target with the hosts of its fleet, as the ledger has them. No spec holds them."""
        placed = self.model_copy()
        placed._placed = fleet
        return placed

    @property
    def is_placed(self) -> bool:
        """Whether it knows the hosts of its fleet."""
        return self._placed is not None

    @property
    def placed(self) -> FleetHosts:
        """The fleet that it was placed on. Raises PlanError if the ledger has none of its name."""
        if self._placed is None:
            which = f" {self.fleet}" if self.fleet else " of these hosts"
            raise PlanError(f"There is no fleet{which} yet. Provision the stack that lists its hosts.")
        return self._placed

    @model_validator(mode="after")
    def _of_one_fleet(self) -> "Swarm":
        if self.hosts is None and self.fleet is None:
            raise ValueError("names neither its `hosts` nor the `fleet` of another stack. Give one of the two")
        if self.fleet is not None and (self.hosts is not None or self.key is not None):
            other = "hosts" if self.hosts is not None else "key"
            raise ValueError(f"has both `fleet` and `{other}`. A fleet has its hosts and their key from one stack")
        return self


class Aws(_Target):
    """Managed services of AWS. They were built on a stand-in for AWS only, and never on AWS itself."""

    runs = "managed"
    counted: ClassVar[bool] = True
    reconcile_seconds = 300.0
    encrypts_caches = True

    provider: Literal["aws"]
    """`aws`"""
    region: Region
    """The region, as eu-central-1."""
    profile: Annotated[str, Field(pattern=PROFILE_PATTERN)] | None = None
    """The profile of your AWS credentials; what every AWS tool takes unless given."""
    cidr: Cidr = DEFAULT_CIDR
    """The network of the stack's own VPC: private, and large enough for two zones (/16 to /24)."""
    recipe: RecipeName | None = None
    """How much is paid for safety. Unless given, the most complete one that the budget pays; balanced without one."""


TARGETS = ("local", "docker", "memory", "swarm", "aws")
"""What a stack runs on in this version."""
Target = Annotated[Local | Docker | Memory | Swarm | Aws, Field(discriminator="provider")]
