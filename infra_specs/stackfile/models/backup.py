"""When a stack's data is backed up, where to, and how long it is kept."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from infra_specs.stackfile.models.model import Part
from infra_specs.stackfile.models.service import Secret
from infra_specs.stackfile.models.time_zone import TimeZone

STORE_PATTERN = r"^((/[^/\x00-\x1f]+)+|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*)$"
ENDPOINT_PATTERN = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$"
DEFAULT_REGION = "us-east-1"
REGION_PATTERN = r"^[a-z0-9-]{1,40}$"
TIME_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


def _written_out(path: str) -> str:
    if re.search(r"/\.\.?(/|$)", path):
        raise ValueError("write the path out, with no `.` or `..` in it")
    return path


class Keep(Part):
    """How long backups are kept. Only days and weeks with a proven backup count."""

    daily: int = Field(default=7, ge=1, le=3650)
    """Everything of so many days."""
    weekly: int = Field(default=4, ge=0, le=520)
    """The newest proven backup of so many weeks."""


class Backup(Part):
    """Every night the data is backed up, and each backup is restored beside the data and compared before it counts."""

    to: Annotated[str, Field(pattern=STORE_PATTERN, max_length=500), AfterValidator(_written_out)] | None = None
    """A folder of the machine that Tenfold runs on, from / on, or a bucket: s3://backups/shop. Without it: a folder
    below Tenfold's own, which is lost together with that machine."""
    endpoint: Annotated[str, Field(pattern=ENDPOINT_PATTERN)] | None = None
    """Of a bucket: the address of its server, unless that is AWS."""
    region: Annotated[str, Field(pattern=REGION_PATTERN)] = DEFAULT_REGION
    """Of a bucket: the region that it is in."""
    keys: Secret | None = None
    """Of a bucket: the secret that holds its keys, as ACCESS:SECRET."""
    at: Annotated[str, Field(pattern=TIME_PATTERN)] | None = None
    """The time of day, as "03:00". Without it: some minutes after 03:00."""
    timezone: TimeZone = "UTC"
    """The time zone of `at`, and of the days of `keep`, as Europe/Berlin."""
    keep: Keep = Keep()
    """How long backups are kept: {daily: 7, weekly: 4}."""

    @model_validator(mode="after")
    def _whole(self) -> "Backup":
        if self.is_bucket and self.keys is None:
            raise ValueError("a bucket needs `keys: {secret: NAME}`, a secret of the form ACCESS:SECRET")
        given = {"endpoint": self.endpoint, "region": self.region != DEFAULT_REGION, "keys": self.keys}
        for key in [] if self.is_bucket else [key for key, value in given.items() if value]:
            raise ValueError(f"`{key}` is said of a bucket, and `to` names none: s3://BUCKET")
        return self

    @property
    def is_bucket(self) -> bool:
        """Whether the store is a bucket, and no folder."""
        return self.to is not None and self.to.startswith("s3://")
