"""What is in the way on a host, and what is only said: a table of cases."""

from typing import Any

import pytest

from infra_specs.fleet.checks import clock_error, fleet_problems, host_problems
from tests.infra_specs.fleet.hosts import GIGABYTE, engine, facts

pytestmark = pytest.mark.pure

IN_THE_WAY: list[tuple[dict[str, Any], str]] = [
    (
        {"distribution": "fedora", "title": "Fedora Linux 42"},
        "runs Fedora Linux 42, and Debian or Ubuntu is needed.",
    ),
    ({"distribution": "", "title": ""}, "runs an unknown system, and Debian or Ubuntu is needed."),
    (
        {"release": "10", "title": "Debian GNU/Linux 10 (buster)"},
        "runs Debian GNU/Linux 10 (buster), which is too old: Debian 11 or newer is needed.",
    ),
    (
        {"distribution": "ubuntu", "release": "18.04", "title": "Ubuntu 18.04.6 LTS"},
        "runs Ubuntu 18.04.6 LTS, which is too old: Ubuntu 20.04 or newer is needed.",
    ),
    ({"systemd": False}, "has no systemd, which starts the engine when the host starts."),
    (
        {"user": "deploy", "sudo": "password"},
        "sudo asks deploy for a password. As root, write into /etc/sudoers.d/tenfold: deploy ALL=(ALL) NOPASSWD: ALL",
    ),
    (
        {"user": "deploy", "sudo": "missing"},
        "deploy is not root, and there is no sudo. Install it (apt install sudo), or let `user` be root.",
    ),
    ({"disk_free": 2 * GIGABYTE}, "has 2 GB of disk left, and 4 GB are needed. Make room."),
    ({"disk_free": 4 * GIGABYTE - 500_000}, "has 3.5 GB of disk left, and 4 GB are needed. Make room."),
    (engine("19.03.8"), "its Docker Engine is 19.03.8, and 20.10 or newer is needed. Update it."),
    ({"ports": [22, 2377, 7946]}, "something listens on port 2377 and 7946, which Docker Swarm needs. Stop it."),
]
TO_KNOW: list[tuple[dict[str, Any], str]] = [
    ({"memory": GIGABYTE // 2}, "has 512 MB of memory, which is scarce for an engine and a stack."),
    (
        {"firewall": "ufw"},
        "ufw is active and stays as it is. Between the hosts it must let through TCP 2377 and 7946 and UDP 7946 and "
        "4789.",
    ),
    ({"engine": True}, "a Docker Engine is installed and does not answer."),
    (engine(containers=3), "has 3 containers already, which stay."),
]
WELL: list[dict[str, Any]] = [
    {},
    {"user": "deploy", "sudo": "free"},
    {"release": "11"},
    {"release": "13"},
    {"distribution": "ubuntu", "release": "24.04"},
    {"disk_free": 4 * GIGABYTE},
    {"memory": 960 * 1024},
    {"ports": [22, 80, 443]},
    engine("20.10.24+dfsg1"),
    engine("27.1.1", cluster="c", containers=9) | {"ports": [22, 2377, 7946]},
]


@pytest.mark.parametrize(("changes", "text"), IN_THE_WAY)
def test_what_is_in_the_way(changes: dict[str, Any], text: str) -> None:
    problems = host_problems("a", facts(**changes), 0)
    assert [(problem.text, problem.blocks) for problem in problems] == [(text, True)]
    assert str(problems[0]) == f"a: {text}"


@pytest.mark.parametrize(("changes", "text"), TO_KNOW)
def test_what_is_only_said(changes: dict[str, Any], text: str) -> None:
    assert [(p.text, p.blocks) for p in host_problems("a", facts(**changes), 0)] == [(text, False)]


@pytest.mark.parametrize("changes", WELL)
def test_a_host_that_is_well(changes: dict[str, Any]) -> None:
    assert host_problems("a", facts(**changes), 59.0) == ()


@pytest.mark.parametrize(
    ("clock", "error"),
    [(1000, 0.0), (1001, 0.0), (999, 0.0), (1002, 0.0), (1003, 0.5), (4602, 3599.5), (998, -0.5), (-2600, -3598.5)],
)
def test_a_clock_that_was_read_between_two_moments(clock: float, error: float) -> None:
    assert clock_error(clock, 999.5, 1002.5) == error


def test_a_wrong_clock_is_in_the_way() -> None:
    ahead, behind = (host_problems("a", facts(), seconds)[0].text for seconds in (3600.4, -3600.4))
    assert ahead == "its clock is 3600 s ahead of ours. Set it: timedatectl set-ntp true"
    assert behind == "its clock is 3600 s behind ours. Set it: timedatectl set-ntp true"


def test_everything_is_said_at_once_and_what_is_in_the_way_first() -> None:
    problems = host_problems("a", facts(firewall="ufw", disk_free=0, systemd=False), 100)
    assert [problem.blocks for problem in problems] == [True, True, True, False]


def test_hosts_of_one_swarm_or_of_none() -> None:
    assert fleet_problems({}) == ()
    hosts = {"a": facts(**engine(cluster="one")), "b": facts(), "c": facts(**engine(cluster="one"))}
    assert fleet_problems(hosts) == ()


def test_a_host_of_another_swarm_than_most() -> None:
    clusters = {"a": "one", "b": "two", "c": "two"}
    problems = fleet_problems({host: facts(**engine(cluster=cluster)) for host, cluster in clusters.items()})
    assert [(str(problem), problem.blocks) for problem in problems] == [
        (
            "a: is in another Swarm than b. Let it leave that one (docker swarm leave --force), which ends what runs "
            "there, or take it out of the list.",
            True,
        )
    ]


def test_a_host_with_another_processor() -> None:
    problems = fleet_problems({"a": facts(), "b": facts(processor="aarch64"), "c": facts()})
    assert [(str(problem), problem.blocks) for problem in problems] == [
        ("b: has another processor (aarch64) than a (x86_64): images must be there for both.", False)
    ]
