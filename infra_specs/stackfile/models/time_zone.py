"""Time zones, by their names in the machine's list."""

from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator

_zones = cache(available_timezones)


def _zone(name: str) -> str:
    if name != "UTC" and name not in _zones():  # they are read from the disk, and few specs name one
        raise ValueError("not a time zone; write one as Europe/Berlin, America/New_York or UTC")
    return name


TimeZone = Annotated[str, AfterValidator(_zone)]
