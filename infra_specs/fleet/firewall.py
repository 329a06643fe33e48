"""What may reach a host of a fleet, as rules for iptables. They only close: what others closed stays closed.

A host is reached from everywhere by SSH and by the ports of its proxy, and by the other hosts where a Swarm talks.
Published ports of containers pass by the rules of a host, so they have rules of their own, in a chain that Docker keeps
for that and which sees the ports of the containers: `--ctorigdstport` is the one that was asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

Family = Literal[4, 6]
FOLDER = "/etc/tenfold"
UNIT = "tenfold-firewall"
NEW = ".new"
"""The end of the names of rules that nobody has logged in through yet. Only the proven ones are set at a start."""
INPUT_CHAIN, FORWARD_CHAIN = "TENFOLD-INPUT", "TENFOLD-FORWARD"
SWARM_TCP, SWARM_UDP = (2377, 7946), (7946, 4789)
"""Ports of a Swarm: its managers, its gossip, and the packets between containers."""
_ICMP = {4: "icmp", 6: "ipv6-icmp"}
_ESTABLISHED = "-m conntrack --ctstate RELATED,ESTABLISHED"


@dataclass(frozen=True, slots=True)
class Firewall:
    """What one host lets in."""

    ssh_port: int
    public_ports: tuple[int, ...] = ()
    """The proxy's, over TCP."""
    peers: tuple[str, ...] = ()
    """The addresses of the fleet's other hosts."""


def rules(firewall: Firewall, family: Family) -> str:
    """The rules of one family in the form that `iptables-restore --noflush` takes; equal for equal firewalls.

    Our chains are emptied and filled in one step, and no other chain is touched.
    """
    chains = [f":{INPUT_CHAIN} - [0:0]", f":{FORWARD_CHAIN} - [0:0]"]
    lines = [f"-A {INPUT_CHAIN} {rule}" for rule in _input(firewall, family)]
    lines += [f"-A {FORWARD_CHAIN} {rule}" for rule in _forward(firewall)]
    return "\n".join(["*filter", *chains, *lines, "COMMIT", ""])


def _input(firewall: Firewall, family: Family) -> Iterator[str]:
    yield "-i lo -j RETURN"
    yield f"{_ESTABLISHED} -j RETURN"
    yield f"-p {_ICMP[family]} -j RETURN"
    if family == 6:
        yield "-s fe80::/10 -p udp --dport 546 -j RETURN"  # answers about the host's own address
    yield "-i docker+ -j RETURN"
    yield "-i br-+ -j RETURN"
    yield f"-p tcp --dport {firewall.ssh_port} -j RETURN"
    for port in sorted(set(firewall.public_ports)):
        yield f"-p tcp --dport {port} -j RETURN"
    for peer in sorted(peer for peer in set(firewall.peers) if ip_address(peer).version == family):
        yield f"-s {peer} -p tcp -m multiport --dports {_listed(SWARM_TCP)} -j RETURN"
        yield f"-s {peer} -p udp -m multiport --dports {_listed(SWARM_UDP)} -j RETURN"
        yield f"-s {peer} -p esp -j RETURN"
    yield "-j DROP"


def _forward(firewall: Firewall) -> Iterator[str]:
    """Only what goes to a container: a host may forward for others, too."""
    yield f"{_ESTABLISHED} -j RETURN"
    yield "-i docker+ -j RETURN"
    yield "-i br-+ -j RETURN"
    for port in sorted(set(firewall.public_ports)):
        yield f"-p tcp -m conntrack --ctorigdstport {port} --ctdir ORIGINAL -j RETURN"
    yield "-o docker+ -j DROP"
    yield "-o br-+ -m conntrack --ctstate DNAT -j DROP"


def is_ip(text: str) -> bool:
    """Whether it is an address, and no name: rules hold none."""
    try:
        return not ip_address(text).is_unspecified
    except ValueError:
        return False


def _listed(ports: tuple[int, ...]) -> str:
    return ",".join(map(str, ports))


ROUTES = "cat /proc/net/route; cat /proc/net/ipv6_route 2>/dev/null; true"
"""Prints the routes that `unsafe_uplinks` reads."""


def unsafe_uplinks(routes: str) -> tuple[str, ...]:
    """The interfaces with a default route, of either family, that the rules take for one of Docker's bridges."""
    defaults = set[str]()
    for words in map(str.split, routes.splitlines()):
        is_v4 = len(words) == 11 and words[1] == "0" * 8
        is_v6 = len(words) == 10 and words[0] == "0" * 32 and words[1] == "00"
        if is_v4 or is_v6:
            defaults.add(words[0] if is_v4 else words[-1])
    return tuple(sorted(name for name in defaults if name.startswith(("docker", "br-"))))


_FAMILIES = "for pair in 4:iptables 6:ip6tables; do family=${pair%%:*} tool=${pair#*:}"
APPLY = f"""#!/bin/sh
# Put the rules beside this file in force: the proven ones, or with the argument {NEW} those that are not proven yet.
# They are in force already: they are filled anew, with no moment without any.
set -eu
{_FAMILIES}
    [ $family = 4 ] || [ -e /proc/net/if_inet6 ] || continue
    $tool-restore -w 10 --noflush <{FOLDER}/firewall.v$family${{1:-}}
    $tool -w 10 -C INPUT -j {INPUT_CHAIN} 2>/dev/null || $tool -w 10 -I INPUT -j {INPUT_CHAIN}
    $tool -w 10 -n -L DOCKER-USER >/dev/null 2>&1 || continue
    $tool -w 10 -C DOCKER-USER -j {FORWARD_CHAIN} 2>/dev/null || $tool -w 10 -I DOCKER-USER -j {FORWARD_CHAIN}
done
"""
REMOVE = f"""#!/bin/sh
# Take our rules out of force. They are out already: success.
{_FAMILIES}
    $tool -w 10 -D INPUT -j {INPUT_CHAIN} 2>/dev/null
    $tool -w 10 -D DOCKER-USER -j {FORWARD_CHAIN} 2>/dev/null
    for chain in {INPUT_CHAIN} {FORWARD_CHAIN}; do
        $tool -w 10 -F $chain 2>/dev/null && $tool -w 10 -X $chain
    done
done
exit 0
"""
UNDO = f"""#!/bin/sh
# Put the proven rules back in force; without any, or if they cannot be, take ours out of force.
rm -f {FOLDER}/firewall.v4{NEW} {FOLDER}/firewall.v6{NEW}
if [ -e {FOLDER}/firewall.v4 ] && [ -e {FOLDER}/firewall.v6 ]; then
    /bin/sh {FOLDER}/firewall-apply && exit
fi
exec /bin/sh {FOLDER}/firewall-remove
"""
SUM = f"""#!/bin/sh
# Print the sum of our rules that are in force.
{_FAMILIES}
    for chain in INPUT DOCKER-USER; do $tool -w 10 -S $chain 2>/dev/null | grep -e '-j TENFOLD-'; done
    for chain in {INPUT_CHAIN} {FORWARD_CHAIN}; do $tool -w 10 -S $chain 2>/dev/null; done
done | cksum
"""
SERVICE = f"""[Unit]
Description=The ports of this host that Tenfold leaves open
After=docker.service
PartOf=docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh {FOLDER}/firewall-apply

[Install]
WantedBy=multi-user.target docker.service
"""
"""Set again at each start of the host, and of the engine."""
