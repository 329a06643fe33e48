"""Little's law, twice: users at once, and requests in flight."""

from dataclasses import dataclass

from infra_specs.stackfile.models.units import duration_text
from infra_specs.stackfile.models.users import Users

MONTH_SECONDS = 30 * 86_400
"""A month of this language, in seconds."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What the users of today ask for."""

    sessions_per_second: float
    users_at_once: float
    """Sessions per second x session length (Little's law)."""
    requests_per_second: float
    """The average over a month."""
    in_flight: float
    """Requests running at once at the peak: requests/s x response time (Little's law) x peak factor."""
    arithmetic: tuple[str, ...]
    """The same as sentences, each with its numbers."""


def demand_of(users: Users) -> Demand:
    """Today's demand of these users.

    115 users at once in 15-second sessions are 115 / 15 x 30 x 86 400 = 19 872 000 sessions a month, and back.
    """
    sessions = users.monthly * users.sessions / MONTH_SECONDS
    at_once = sessions * users.session_length
    requests = sessions * users.requests
    in_flight = requests * users.response_time * users.peak
    return Demand(
        sessions,
        at_once,
        requests,
        in_flight,
        (
            f"{users.monthly:,} users x {users.sessions:g} sessions a month / {MONTH_SECONDS:,} s "
            f"= {sessions:.4g} sessions/s",
            f"{sessions:.4g} sessions/s x {duration_text(users.session_length)} = {at_once:.4g} users at once",
            f"{sessions:.4g} sessions/s x {users.requests:g} requests = {requests:.4g} requests/s",
            f"{requests:.4g} requests/s x {duration_text(users.response_time)} x peak {users.peak:g} "
            f"= {in_flight:.4g} requests in flight: today's demand",
        ),
    )


def sessions_per_month(at_once: float, session_length: float) -> float:
    """Sessions a month at which `at_once` users are there at any moment, each for `session_length` seconds."""
    return at_once / session_length * MONTH_SECONDS
