"""On which host of a fleet a new instance runs."""

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
