"""Jobs: commands on a schedule, each beside a service and as its replicas are."""

from typing import Annotated

from pydantic import Field

from infra_specs.stackfile.models.model import Part
from infra_specs.stackfile.models.scaling import AT_PATTERN
from infra_specs.stackfile.models.service import NAME_PATTERN, Command, ServiceName
from infra_specs.stackfile.models.time_zone import TimeZone
from infra_specs.stackfile.models.units import Duration
from infra_specs.stackfile.models.week_days import WEEKDAYS, days_and_time

JobName = Annotated[str, Field(pattern=NAME_PATTERN)]
"""A small letter, then small letters, digits and dashes; at most 40."""


class Job(Part):
    """A command that is run at its times, beside the stack: in the image, environment and network of a service."""

    service: ServiceName
    """As a replica of which service it is run."""
    command: Command
    """What is run: a line, split as a shell splits words but run without a shell, or a list of words."""
    at: Annotated[str, Field(pattern=AT_PATTERN)]
    """When: `Mon-Fri 04:30`, `Sat,Sun 10:00`, or `04:30` for every day."""
    timezone: TimeZone = "UTC"
    """The time zone of `at`, as Europe/Berlin."""
    timeout: Duration = Field(default=3600, ge=1, le=86_400)
    """How long it may take. One that takes longer is ended, and its run has failed."""

    @property
    def cron(self) -> str:
        """Its times as a line of cron, where 0 is Sunday."""
        days, clock = days_and_time(self.at)
        hour, minute = clock.split(":")
        on = "*" if len(days) == len(WEEKDAYS) else ",".join(str((day + 1) % 7) for day in days)
        return f"{int(minute)} {int(hour)} * * {on}"
