"""Who is told when something is wrong, how, and when not."""

import re
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Discriminator, Field, Tag, TypeAdapter, ValidationError, model_validator

from infra_specs.stackfile.models.model import Part
from infra_specs.stackfile.models.service import Secret
from infra_specs.stackfile.models.time_zone import TimeZone

MAIL_PATTERN = r"^[A-Za-z0-9.!#$%&'*+=^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$"
"""Plain mail addresses alone: an address with a scheme, a port or a path may hold a token."""
QUIET_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9] [A-Za-z][A-Za-z0-9_+/-]*$"
MOST_RECEIVERS = 20
_ZONE: TypeAdapter[str] = TypeAdapter(TimeZone)


def _form(value: Any) -> str | None:
    if isinstance(value, Secret) or (isinstance(value, dict) and "secret" in value):
        return "secret"
    return "mail" if isinstance(value, str) else None


def _hours(text: str) -> str:
    times, _, zone = text.partition(" ")
    try:
        _ZONE.validate_python(zone)
        ZoneInfo(zone)
    except (ValidationError, ValueError, OSError):
        raise ValueError(f"`{zone}` is not a time zone; write one as Europe/Berlin, America/New_York or UTC") from None
    begin, end = re.findall(r"[0-9:]{5}", times)
    if begin == end:
        raise ValueError("they begin and end at the same time, so nobody would ever be told, or always")
    return text


Mail = Annotated[str, Field(pattern=MAIL_PATTERN, max_length=254)]
Receiver = Annotated[Annotated[Mail, Tag("mail")] | Annotated[Secret, Tag("secret")], Discriminator(_form)]


class Alerts(Part):
    """Who is told when something is wrong, and when it is over: `tenfold alerts` lists the same."""

    to: Annotated[list[Receiver], Field(max_length=MOST_RECEIVERS)] = []
    """Mail addresses, and secrets that hold an address of Apprise, as of Slack or a webhook: [ops@example.com, {secret:
    slack}]."""
    smtp: Secret | None = None
    """The secret with the mail server, as mailtos://USER:PASSWORD@smtp.example.com?from=tenfold@example.com"""
    heartbeat: Secret | None = None
    """The secret with a URL that is called after each good check, for a service that tells you when the calls stop."""
    quiet: Annotated[str, Field(pattern=QUIET_PATTERN), AfterValidator(_hours)] | None = None
    """Hours in which only an outage, data at risk and the end of a certificate are told, as "22:00-07:00
    Europe/Berlin"."""

    @model_validator(mode="after")
    def _reachable(self) -> "Alerts":
        if self.mails and self.smtp is None:
            raise ValueError(
                f"a mail to {self.mails[0]} needs `smtp: {{secret: smtp}}`, the mail server. Store its address, as "
                "mailtos://USER:PASSWORD@smtp.example.com?from=tenfold@example.com, with: tenfold secret set STACK smtp"
            )
        if self.smtp is not None and not self.mails:
            raise ValueError("`smtp` sends mail, and `to` names no mail address")
        return self

    @property
    def mails(self) -> tuple[str, ...]:
        """The mail addresses among the receivers."""
        return tuple(receiver for receiver in self.to if isinstance(receiver, str))

    @property
    def addresses(self) -> tuple[str, ...]:
        """The names of the secrets that hold the addresses of the other receivers."""
        return tuple(receiver.secret for receiver in self.to if isinstance(receiver, Secret))
