"""The machine's time zones, read once: to validate a schedule Prefect reads all of them, on either side of its API."""

from functools import cache
from typing import Any

import prefect._internal.schemas.validators


def know_time_zones() -> None:
    """Replace the function by which Prefect knows them. A zone that is installed later counts from the next start."""
    validators: Any = prefect._internal.schemas.validators
    validators.get_timezones = cache(validators.get_timezones)
