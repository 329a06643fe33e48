"""What a certificate says of itself: for which hosts, and for how long. It needs no cryptography to be shown."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

SOON_SECONDS = 14 * 86_400.0
"""Before its end from which on it is said again and again that it should be renewed."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server's certificate says: for which hosts, and from when to when (seconds since the epoch)."""

    names: tuple[str, ...]
    since: float
    until: float
    serial: int

    @property
    def host(self) -> str | None:
        """The first name that is one host and not many."""
        return next((name for name in self.names if not name.startswith("*.")), None)

    def covers(self, host: str) -> bool:
        """Whether a browser that asks for this host is content; `*.example.com` stands for one word."""
        return covers(self.names, host)

    def said(self, now: float) -> str:
        """`for shop.example.com and www.example.com, until 2027-01-31 (70 days)`."""
        *most, last = self.names or ("no host",)
        names = f"{', '.join(most)} and {last}" if most else last
        return f"for {names}, until {day(self.until)} ({days(self.until - now)})"


def covers(names: Collection[str], host: str) -> bool:
    """Whether a certificate of these names is for this host; `*.example.com` stands for one word."""
    wide = f"*.{host.partition('.')[2]}"
    return host in names or (wide in names and host != wide)


def day(moment: float) -> str:
    """`2027-01-31`, in UTC."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"


def days(seconds: float) -> str:
    """`70 days`, `1 day`."""
    count = int(seconds // 86_400)
    return f"{count} day{'' if count == 1 else 's'}"
