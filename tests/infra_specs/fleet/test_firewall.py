"""The rules of a firewall, as text."""

import subprocess

import pytest

from infra_specs.fleet.firewall import APPLY, REMOVE, UNDO, Firewall, rules, unsafe_uplinks

pytestmark = pytest.mark.pure

WHOLE = Firewall(2222, (443, 80, 443), ("10.0.0.13", "10.0.0.12", "fd00::12"))


def test_the_rules_of_a_host_with_a_proxy_and_peers() -> None:
    assert (
        rules(WHOLE, 4)
        == """\
*filter
:TENFOLD-INPUT - [0:0]
:TENFOLD-FORWARD - [0:0]
-A TENFOLD-INPUT -i lo -j RETURN
-A TENFOLD-INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A TENFOLD-INPUT -p icmp -j RETURN
-A TENFOLD-INPUT -i docker+ -j RETURN
-A TENFOLD-INPUT -i br-+ -j RETURN
-A TENFOLD-INPUT -p tcp --dport 2222 -j RETURN
-A TENFOLD-INPUT -p tcp --dport 80 -j RETURN
-A TENFOLD-INPUT -p tcp --dport 443 -j RETURN
-A TENFOLD-INPUT -s 10.0.0.12 -p tcp -m multiport --dports 2377,7946 -j RETURN
-A TENFOLD-INPUT -s 10.0.0.12 -p udp -m multiport --dports 7946,4789 -j RETURN
-A TENFOLD-INPUT -s 10.0.0.12 -p esp -j RETURN
-A TENFOLD-INPUT -s 10.0.0.13 -p tcp -m multiport --dports 2377,7946 -j RETURN
-A TENFOLD-INPUT -s 10.0.0.13 -p udp -m multiport --dports 7946,4789 -j RETURN
-A TENFOLD-INPUT -s 10.0.0.13 -p esp -j RETURN
-A TENFOLD-INPUT -j DROP
-A TENFOLD-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A TENFOLD-FORWARD -i docker+ -j RETURN
-A TENFOLD-FORWARD -i br-+ -j RETURN
-A TENFOLD-FORWARD -p tcp -m conntrack --ctorigdstport 80 --ctdir ORIGINAL -j RETURN
-A TENFOLD-FORWARD -p tcp -m conntrack --ctorigdstport 443 --ctdir ORIGINAL -j RETURN
-A TENFOLD-FORWARD -o docker+ -j DROP
-A TENFOLD-FORWARD -o br-+ -m conntrack --ctstate DNAT -j DROP
COMMIT
"""
    )


def test_each_family_has_its_own_peers_and_messages() -> None:
    lines = rules(WHOLE, 6).splitlines()
    assert "-A TENFOLD-INPUT -p ipv6-icmp -j RETURN" in lines
    assert [line.split()[3] for line in lines if " -s " in line] == ["fe80::/10", *["fd00::12"] * 3]
    assert "-A TENFOLD-INPUT -p tcp --dport 2222 -j RETURN" in lines


def test_ssh_is_let_in_before_anything_is_dropped_whatever_the_rest_is() -> None:
    for family in (4, 6):
        lines = rules(Firewall(22), family).splitlines()  # type: ignore[arg-type]
        assert lines.index("-A TENFOLD-INPUT -p tcp --dport 22 -j RETURN") < lines.index("-A TENFOLD-INPUT -j DROP")


def test_equal_firewalls_have_equal_rules() -> None:
    other = Firewall(2222, (80, 443), ("fd00::12", "10.0.0.12", "10.0.0.13", "10.0.0.12"))
    assert rules(other, 4) == rules(WHOLE, 4)
    assert rules(other, 6) == rules(WHOLE, 6)


V4 = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT"
V6 = f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} 00000400 00000003 00000000 00000003"


@pytest.mark.parametrize(
    ("routes", "unsafe"),
    [
        ([], ()),
        (["eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0"], ()),
        (["br0 00000000 010200C0 0003 0 0 0 00000000 0 0 0"], ()),
        (["eth0 00000000 0 0003 0 0 0 00000000 0 0 0", "docker0 000011AC 0 0001 0 0 0 0000FFFF 0 0 0"], ()),
        (["br-lan 00000000 010200C0 0003 0 0 0 00000000 0 0 0"], ("br-lan",)),
        ([f"{V6} eth0", "fd000000000000000000000000000000 40 0 00 0 0 1 0 1 br-lan"], ()),
        (["docker9 00000000 0 0003 0 0 0 00000000 0 0 0", f"{V6} br-lan", f"{V6} lo"], ("br-lan", "docker9")),
    ],
)
def test_an_uplink_that_looks_like_a_bridge_of_dockers(routes: list[str], unsafe: tuple[str, ...]) -> None:
    assert unsafe_uplinks("\n".join([V4, *routes])) == unsafe


@pytest.mark.local
@pytest.mark.parametrize("script", [APPLY, REMOVE, UNDO])
def test_the_scripts_are_ones_for_any_shell(script: str) -> None:
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
