"""On which host of a fleet a new instance runs, and which one moves where hosts have become free again."""

from collections import Counter
from collections.abc import Mapping, Sequence


def chosen_host(hosts: Sequence[str], group: str, placed: Mapping[tuple[str, str], str]) -> str:
    """The host with the fewest of this group, then with the fewest of all, then the first in the list.

    `group`: what is to be spread, as the copies of one service. `placed`: group and name of each instance that runs
    or was given a host -> its host. Raises ValueError without hosts.
    """
    own = Counter(host for (other, _), host in placed.items() if other == group)
    total = Counter(placed.values())
    return min(hosts, key=lambda host: (own[host], total[host], hosts.index(host)))


def crowded(hosts: Sequence[str], group: str, placed: Mapping[tuple[str, str], str]) -> tuple[str, str] | None:
    """The name of one copy that should move, and the host to move it to; None where the group is spread.

    Its host has two more of the group than another: so a move never calls for the next one.
    """
    own = Counter(dict.fromkeys(hosts, 0))
    own.update(host for (other, _), host in placed.items() if other == group and host in own)
    if not own:
        return None
    fullest, emptiest = max(hosts, key=lambda host: own[host]), min(hosts, key=lambda host: own[host])
    if own[fullest] - own[emptiest] < 2:
        return None
    names = sorted(name for (other, name), host in placed.items() if other == group and host == fullest)
    return names[-1], emptiest
