"""The users of today, from which everything is sized."""

from pydantic import Field

from infra_specs.stackfile.models.model import Part
from infra_specs.stackfile.models.units import Duration


class Users(Part):
    """How many people use the app today, and how."""

    monthly: int = Field(default=1000, ge=0, le=10_000_000_000)
    """People who use the app in a month of 30 days, today."""
    sessions: float = Field(default=8, ge=0.001, le=10_000)
    """Sessions that each of them has in a month."""
    session_length: Duration = Field(default=180, ge=0.001, le=86_400)
    """How long a session lasts, from the first to the last request."""
    requests: float = Field(default=20, ge=0.001, le=100_000)
    """Requests to the app in one session."""
    response_time: Duration = Field(default=0.2, ge=0.00001, le=3_600)
    """How long the app takes for one request, on average."""
    peak: float = Field(default=3, ge=1, le=1_000)
    """The busiest moment's demand over the average."""
