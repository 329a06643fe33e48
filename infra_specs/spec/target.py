"""Where a stack runs. A target is data; the code that acts there is its provider."""

from typing import Annotated, Literal

from pydantic import Field

from infra_specs.spec.model import Part

later_targets = ("docker", "swarm", "aws")
"""Planned, and not in this version."""


class _Target(Part):
    price_per_replica: float | None = Field(default=None, ge=0, le=1_000_000)
    """USD a month that one replica costs you here, where no price book knows it."""


class Local(_Target):
    """Supervised processes on this machine. Nothing but Python is needed."""

    provider: Literal["local"]
    """`local`"""
    port: int | None = Field(default=None, ge=1024, le=65535)
    """The proxy's port on loopback; a free one unless given."""
    public_port: int | None = Field(default=None, ge=1, le=65535)
    """The proxy's port for public services, on every address; a free one unless given."""


class Memory(_Target):
    """A pretended world in a file, for trying things out and for tests: nothing runs."""

    provider: Literal["memory"]
    """`memory`"""


Target = Annotated[Local | Memory, Field(discriminator="provider")]
