"""A kill after each call to AWS: `python -m benchmarks.aws_kills [ADDRESS|CHANGE...]`. Needs moto (scripts/moto).

A process makes a part of a stack, removes it, and ends after one of its calls. Another one goes on: the part is made
once and removed, and the account holds what it held before. The same for whole changes of a stack: provision, release,
teardown, and "back from the shelf". All points are tried, and those that end otherwise printed. `--part 2/8` tries each
eighth point of a change from the second on.
"""

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager

from infra_specs.resources.resource import Resource
from tasks.providers.aws import client
from tasks.providers.aws.kinds.network import Network
from tests.support.moto.running import moto_server
from tests.tasks.providers.aws.conftest import CountedClient
from tests.tasks.providers.aws.test_lives import LIVES, whole
from tests.tasks.providers.aws.test_lives import killed_at as killed_at_point
from tests.tasks.providers.aws.test_network import destroy as remove_network
from tests.tasks.providers.aws.test_network import killed_at, left, network
from tests.tasks.providers.aws.test_stack import KINDS, World, calls_of, desired, kill_at, resolved, shop


def main() -> None:
    reader = ArgumentParser(description=__doc__)
    reader.add_argument("names", nargs="*", metavar="ADDRESS|CHANGE")
    reader.add_argument("--part", default="1/1", help="of a change each so many-th point, as 2/8")
    words = reader.parse_args()
    names = words.names or [*LIVES, "network/main", *KINDS, "logs/main", "role/main", "secret/web-stripe"]
    part, of = map(int, words.part.split("/"))
    with _moto() as server:
        faults = sum(_change(name, server, part, of) for name in names if name in LIVES)
        if "network/main" in names:
            faults += _networks()
        faults += _kinds([name for name in names if name not in (*LIVES, "network/main")])
    sys.exit(1 if faults else 0)


def _kinds(addresses: list[str]) -> int:
    if not addresses:
        return 0
    world = World(CountedClient())
    world.reach(desired(shop()))
    made = {instance.address: instance for instance in world.seen().values()}
    resources = {resource.address: resolved(resource, made) for resource in desired(shop())}
    return sum(_kind(resources[address], world) for address in addresses if address in resources)


def _change(name: str, server: str, part: int, of: int) -> int:
    begin, (calls, expected), faults = time.monotonic(), whole(name, server), 0
    points = range(part, calls + 1, of)
    for point in points:
        try:
            end, call = killed_at_point(name, point, server)
            assert end == expected, (
                f"{call}: {set(map(str, end[0] + end[1])) ^ set(map(str, expected[0] + expected[1]))}"
            )
        except Exception as fault:
            faults += 1
            print(f"  {name}, point {point} of {calls}: {fault}", flush=True)
    print(f"{name}: {len(points)} of {calls} points, {faults} faults, {time.monotonic() - begin:.0f} s", flush=True)
    return faults


def _kind(resource: Resource, world: World) -> int:
    begin, calls, faults = time.monotonic(), calls_of(resource), 0
    for point in range(1, len(calls) + 1):
        try:
            kill_at(point, resource, world)
        except Exception as fault:
            faults += 1
            print(f"  {resource.address}, point {point} ({calls[point - 1]}): {fault}")
    print(f"{resource.address}: {len(calls)} points, {faults} faults, {time.monotonic() - begin:.0f} s", flush=True)
    return faults


def _networks() -> int:
    begin, aws, whole, faults = time.monotonic(), CountedClient(), CountedClient(), 0
    before = left(aws)
    driver = Network(whole)
    made = driver.create(network("one"), 1)
    making = len(whole.calls)
    remove_network(driver, made)
    for point in range(1, len(whole.calls) + 1):
        try:
            killed_at(point, aws, making)
            assert left(aws) == before
        except Exception as fault:
            faults += 1
            print(f"  network/main, point {point} ({whole.calls[point - 1]}): {fault}")
    print(f"network/main: {len(whole.calls)} points, {faults} faults, {time.monotonic() - begin:.0f} s", flush=True)
    return faults


@contextmanager
def _moto() -> Iterator[str]:
    client._RATE = client._Rate(10_000)
    with moto_server() as address:
        os.environ |= {"AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        yield address


if __name__ == "__main__":
    main()
