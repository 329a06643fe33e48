"""What a deploy is asked to change: the same options on the command line, in the flow's form and in its API."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from infra_specs.releases.rollout import Share

SERVICE_SETTINGS = ("image", "command", "folder", "before", "health", "memory", "cpus")
"""The options that are settings of a service in a stack file, under the same names."""


class DeployOptions(BaseModel):
    """The options of one deploy. An empty option leaves its setting as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: str = ""
    image: str = ""
    build: bool = False
    command: str = ""
    folder: str = ""
    env: dict[str, Any] = {}
    """NAME to a text, to `{"secret": "NAME"}`, or to None, which removes the variable."""
    before: str = ""
    health: str = ""
    memory: str = ""
    cpus: Annotated[float, Field(ge=0, le=1024)] = 0
    canary: Annotated[int, Field(ge=0, le=50)] = 0
    """Percent of the requests; 0 for no canary."""
    bake: Annotated[float, Field(ge=1, le=86_400)] = 60
    """Seconds that the canary is watched."""

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the service to change, by their names in a stack file."""
        return {name: value for name in SERVICE_SETTINGS if (value := getattr(self, name))}

    @property
    def share(self) -> Share | None:
        """The canary's share of the requests; None without a canary."""
        return Share(self.canary, self.bake) if self.canary else None

    def parameters(self) -> dict[str, Any]:
        """The parameters of a flow run, without the options that change nothing."""
        parameters = {"service": self.service, **self.settings, "env": self.env}
        if self.build:
            parameters["build"] = True
        if self.canary:
            parameters |= {"canary": self.canary, "bake": self.bake}
        return parameters
