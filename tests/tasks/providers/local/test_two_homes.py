"""Two installations on one machine choose ports without a common registry: none reaches the other's programs."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.local, pytest.mark.proof]

STACKS, ROUNDS = 10, 10
PORTS = (31_000, 31_059)
"""So few that the two installations often choose the same port at the same moment."""
SCRIPT = f"""
import socket, sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tasks.providers.local import LocalProvider, ports
from tests.tasks.providers.local.world import cache, get, opened, replica
from tasks.supervisor.client import Supervisor
from tests.tasks.providers.looks import health_of

ports.first, ports.last = {PORTS}
name = sys.argv[1]

def begin(number):
    stack, own = f"s{{number}}", f"{{name}}-{{number}}"
    server, first = started(cache(own, stack=stack))
    with socket.create_connection(("127.0.0.1", int(server.outputs["port"])), timeout=60) as connection:
        connection.sendall(f"AUTH {{own}}\\r\\n".encode())
        known = connection.recv(100)
    app, second = started(replica(stack=stack, env={{"NAME": own}}))
    return get(app.outputs["endpoint"].rpartition(":")[2])[1].split()[0], known, first + second

def started(resource):
    taken = 0
    for _ in range(100):
        instance = provider.create(resource)
        while (health := health_of(provider, instance)).state == "starting":
            time.sleep(0.02)
        if health.state == "healthy":
            return instance, taken
        assert "by another program" in health.reason, health.reason
        taken += 1
    raise SystemExit("it never got a port")

with opened() as provider:
    sys.stdin.readline()
    with ThreadPoolExecutor({STACKS}) as pool:
        for answer, known, taken in pool.map(begin, range({STACKS})):
            print(answer, known == b"+OK\\r\\n", taken, flush=True)
    sys.stdin.readline()
"""


def _round() -> int:
    """Ten stacks of each installation, begun at the same moment; how often a port was taken."""
    root = Path(__file__).parents[4]
    homes = {
        name: subprocess.Popen(
            [sys.executable, "-c", SCRIPT, name], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for name in ("a", "b")
    }
    for process in homes.values():
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    found_taken = 0
    for name, process in homes.items():
        assert process.stdout
        answers = [process.stdout.readline().split() for _ in range(STACKS)]
        assert [answer[:2] for answer in answers] == [[f"{name}-{number}", "True"] for number in range(STACKS)]
        found_taken += sum(int(answer[2]) for answer in answers)
    for process in homes.values():
        process.communicate("\n", timeout=60)
        assert process.returncode == 0
    return found_taken


def test_ten_stacks_in_two_homes_at_once_ten_times(record_property: Callable[[str, object], None]) -> None:
    record_property("ports found taken", sum(_round() for _ in range(ROUNDS)))
