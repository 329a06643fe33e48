"""A kill after each call to AWS: `python -m benchmarks.aws_kills [ADDRESS...]`. Needs moto (scripts/moto).

A process makes a part of a stack, removes it, and ends after one of its calls. Another one goes on: the part is made
once and removed, and the account holds what it held before. All points are tried, and those that end otherwise printed.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from infra_specs.resources.resource import Resource
from tasks.providers.aws import client
from tasks.providers.aws.kinds.network import Network
from tests.support.moto.running import moto_server
from tests.tasks.providers.aws.conftest import CountedClient
from tests.tasks.providers.aws.test_network import destroy as remove_network
from tests.tasks.providers.aws.test_network import killed_at, left, network
from tests.tasks.providers.aws.test_stack import KINDS, World, calls_of, desired, kill_at, resolved, shop


def main() -> None:
    addresses = sys.argv[1:] or ["network/main", *KINDS, "logs/main", "role/main", "secret/web-stripe"]
    faults = 0
    with _moto():
        if "network/main" in addresses:
            faults += _networks()
            addresses.remove("network/main")
        world = World(CountedClient())
        world.reach(desired(shop()))
        made = {instance.address: instance for instance in world.seen().values()}
        resources = {resource.address: resolved(resource, made) for resource in desired(shop())}
        for address in addresses:
            if address in resources:
                faults += _kind(resources[address], world)
    sys.exit(1 if faults else 0)


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
def _moto() -> Iterator[None]:
    client._RATE = client._Rate(10_000)
    with moto_server() as address:
        os.environ |= {"AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        yield


if __name__ == "__main__":
    main()
