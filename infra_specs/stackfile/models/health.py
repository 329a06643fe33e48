"""How a replica is asked whether it can take requests."""

from typing import Annotated, Any

from pydantic import Field

from infra_specs.stackfile.models.model import Part
from infra_specs.stackfile.models.route import PATH_PATTERN
from infra_specs.stackfile.models.units import Duration

HealthPath = Annotated[str, Field(pattern=PATH_PATTERN)]
INTERVAL_SECONDS = 2.0
"""From one probe of a replica that is well to the next, unless the spec says otherwise."""


class HealthCheck(Part):
    """The question, and how often it is asked. While a replica starts, or after a probe failed, it is asked oftener."""

    path: HealthPath = "/healthz"
    """The path that answers 200 when a replica can take requests."""
    interval: Duration = Field(default=INTERVAL_SECONDS, ge=0.5, le=60)
    """From one probe of a replica that is well to the next."""

    def __str__(self) -> str:
        if self.interval == INTERVAL_SECONDS:
            return self.path
        return f"{self.path} each {self.interval:g} s"


def health_check(value: Any) -> Any:
    """A path alone is the mapping with this path."""
    return {"path": value} if isinstance(value, str) else value
