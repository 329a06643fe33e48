"""The whole of what a person writes in one file."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from infra_specs.errors import PlanError
from infra_specs.stackfile.models.alerts import Alerts
from infra_specs.stackfile.models.backup import Backup
from infra_specs.stackfile.models.clients import Network, Timeouts
from infra_specs.stackfile.models.job import Job, JobName
from infra_specs.stackfile.models.model import Part
from infra_specs.stackfile.models.needs import Needs
from infra_specs.stackfile.models.service import Name, Service, ServiceName
from infra_specs.stackfile.models.target import Target
from infra_specs.stackfile.models.tls import Tls
from infra_specs.stackfile.models.users import Users

Sentence = Annotated[str, Field(min_length=1, max_length=500)]


def _day(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError("no such day in the calendar") from None
    if type(value) is not date:
        raise ValueError("write a day like 2027-01-31")
    return value


def _version(value: Any) -> Any:
    return value if type(value) is int else str(value)  # True and 1.0 equal 1, and are not it


class Debt(Part):
    """Something done quickly on purpose, written down so that it is not forgotten."""

    what: Sentence
    """What was left undone."""
    why: Sentence
    """Why that was right at the time."""
    expires: Annotated[date, BeforeValidator(_day)]
    """When it must be looked at again, as 2027-01-31."""
    plan: Sentence
    """How it will be paid back."""
    impact: Sentence
    """What happens if it is not."""


class Stack(Part):
    """A stack: services, what they need, who uses them, what they may cost, and where they run."""

    version: Annotated[Literal[1], BeforeValidator(_version)] = 1
    """The version of this language."""
    name: Name
    """The stack's name, its environment included: `shop`, `shop-staging`."""
    target: Target
    """Where it runs."""
    services: Annotated[dict[ServiceName, Service], Field(min_length=1)]
    """Your programs, by name."""
    needs: Needs = Needs()
    """What they lean on."""
    tls: Tls | None = None
    """HTTPS at the proxy; plain HTTP without it."""
    trust_proxies: Annotated[list[Network], Field(max_length=1000)] = []
    """Networks of a load balancer or content network in front of the proxy, as [10.0.0.0/8]. Only from there are
    X-Forwarded-For and its like believed; of every other client they are removed."""
    timeouts: Timeouts = Timeouts()
    """How long the proxy waits for a client."""
    users: Users = Users()
    """Who uses it today."""
    headroom: float = Field(default=10, ge=1, le=1_000_000)
    """How many times today's demand it is designed for."""
    headroom_because: Sentence | None = None
    """Why more than two orders of magnitude are wanted; the plan shows it."""
    budget: float | None = Field(default=None, ge=0, le=100_000_000)
    """USD a month that it may cost."""
    backup: Backup = Backup()
    """When its data is backed up, where to, and how long that is kept: every night, without a word here."""
    alerts: Alerts = Alerts()
    """Who is told when something is wrong, and when not. Without receivers alerts are listed alone."""
    jobs: dict[JobName, Job] = {}
    """Commands on a schedule, by name: {nightly: {service: web, command: python clean.py, at: "04:30"}}."""
    debts: list[Debt] = []
    """What was done quickly on purpose."""
    debts_block: bool = False
    """Refuse to provision and to deploy while a debt has expired."""

    def service(self, name: str) -> Service:
        """The service of this name. Raises PlanError that lists the services there are."""
        if name not in self.services:
            raise PlanError(f"{self.name} has no service `{name}`. It has: {', '.join(self.services)}.")
        return self.services[name]
