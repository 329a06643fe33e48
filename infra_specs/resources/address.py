"""Which resource of a stack is meant: `replica/web-0`, `route/web`, `database/main`, `volume/web.data`, `job/run-7f`,
`service/web`, `service/web.canary`, `files/web`, `route/web.files`.

Nothing outside this file puts an address together or takes one apart. Names hold dashes and digits, so a prefix says
nothing: `replica/web-` begins the replicas of `web` and of `web-admin`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

CANARY = "canary"
"""The slot of what stands beside all other copies of a service: a replica, or a counted service."""
RUN = "run"
"""The name of a job that a person asked for once; its slot tells such jobs apart."""
SCHEDULED = "scheduled"
"""The name of what stands for a job of a stack's file while a run of it is at work; its slot is the job's name."""
FILES = "files"
"""The slot of the route that leads to a service's file server, beside the one that leads to its replicas."""
BEFORE = "before"
"""The name of a job that ends before a service's new replicas get traffic; its slot is the service."""

_SIGNS = {"volume": ".", "service": ".", "route": "."}
"""What stands before a slot, if not a dash. Services and volumes are called with dashes and never with dots."""
_ONLY_SLOTS = {"service": CANARY, "route": FILES}
_KIND = re.compile(r"[a-z]+")
_SLOT = re.compile(rf"0|[1-9][0-9]*|{CANARY}")


@dataclass(frozen=True, slots=True)
class Address:
    """One resource of a stack: its kind, its name, and which of several of that name it is.

    The slot of a replica is its number, or `canary`; of a volume what its service calls it; of a job whom or which
    run it is for; a counted service has none unless it is a canary, and a
    route none unless it leads to files. Two different addresses never have the same text.
    Raises ValueError for what is no address.
    """

    kind: str
    name: str
    slot: int | str | None = None

    def __post_init__(self) -> None:
        if _parts(str(self)) != (self.kind, self.name, self.slot):
            raise ValueError(f"{(self.kind, self.name, self.slot)} is no address: it would be read as another one.")

    @classmethod
    def parse(cls, text: str) -> "Address":
        """The address that a text says, so that `str` gives the text back. Raises ValueError for any other text."""
        return _parse(text)

    def __str__(self) -> str:
        if self.slot is None:
            return f"{self.kind}/{self.name}"
        return f"{self.kind}/{self.name}{_SIGNS.get(self.kind, '-')}{self.slot}"

    @property
    def short(self) -> str:
        """The text without the kind: `web-0`."""
        return str(self).partition("/")[2]

    @property
    def order(self) -> tuple[int | str, ...]:
        """The key to sort by, the kind first: web-2 comes before web-10."""
        words = self.joined("-").split("-")
        return tuple(f"{word:0>8}" if word.isdigit() else word for word in words)

    def joined(self, separator: str) -> str:
        """The text with another sign after the kind, for file names and host names: `replica-web-0`."""
        return f"{self.kind}{separator}{self.short}"


def prefix_of(kind: str) -> str:
    """How the addresses of one kind begin, and no others: for the search in a database."""
    return f"{kind}/"


@lru_cache(maxsize=4096)
def _parse(text: str) -> Address:
    parts = _parts(text)
    if not parts[0]:
        raise ValueError(f"`{text[:100]}` is no address: it must be a kind and a name, as replica/web-0.")
    return Address(*parts)


def _parts(text: str) -> tuple[str, str, int | str | None]:
    """Kind, name and slot; the kind is empty for what is no address."""
    nothing = ("", "", None)
    kind, _, rest = text.partition("/")
    if not _KIND.fullmatch(kind) or not rest or "/" in rest or "#" in rest:
        return nothing
    if kind == "replica":
        name, _, slot = rest.rpartition("-")
        if not name or not _SLOT.fullmatch(slot):
            return nothing
        return kind, name, slot if slot == CANARY else int(slot)
    if kind not in ("volume", "job", "service", "route"):
        return kind, rest, None
    name, sign, slot = rest.partition(_SIGNS.get(kind, "-"))
    if not sign:
        return kind, rest, None
    fits = name and slot and slot == _ONLY_SLOTS.get(kind, slot)
    return (kind, name, slot) if fits else nothing
