"""How planning grows with the number of services: spec → sizes → desired state → plan → data, pure.

python -m benchmarks.planning
"""

import statistics
import time

from infra_specs.catalogue.desired import desired_state
from infra_specs.plan.make_plan import make_plan
from infra_specs.pricing.price import price
from infra_specs.sizing.size import size
from infra_specs.stackfile.reading.load import load

ROUNDS = 5


def spec(services: int) -> str:
    lines = ["name: wide", "target: {provider: memory}", "needs: {database: postgres, cache: valkey}", "services:"]
    lines += [
        f"  web-{number}: {{command: run, port: 80, share: 0.001, replicas: {{min: 2}}, route: {{path: /{number}}}}}"
        for number in range(services)
    ]
    return "\n".join(lines)


def seconds(text: str) -> tuple[float, float, int]:
    """Loading, planning, and how many resources."""
    began = time.perf_counter()
    stack = load(text)
    loaded = time.perf_counter()
    sizing = size(stack)
    desired = desired_state(stack, sizing, counts={}, secrets={}, source="/")
    price(stack, sizing, desired)
    make_plan(stack.name, desired, ()).data()
    return loaded - began, time.perf_counter() - loaded, len(desired)


def main() -> None:
    print("services  resources  loading s  planning s  planning ms/service")
    for services in (10, 100, 1000):
        text = spec(services)
        measured = [seconds(text) for _ in range(ROUNDS)]
        loading, planning = (statistics.median(times[i] for times in measured) for i in (0, 1))
        print(f"{services:8} {measured[0][2]:10} {loading:10.3f} {planning:11.3f} {1000 * planning / services:20.2f}")


if __name__ == "__main__":
    main()
