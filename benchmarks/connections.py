"""2 000 connections asked of the database of a stack that may have 40 replicas: how many it holds at once.

python -m benchmarks.connections [ASKED] [MOST_REPLICAS]

On `local`, without a control plane. Prints the plan's arithmetic, and the number of the first connection that was
refused. Exit 1 if that is one which the plan promised.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg

from infra_specs.catalogue import database
from infra_specs.catalogue.desired import desired_state
from infra_specs.resources.resource import Ref, Reference
from infra_specs.sizing.pools import SPARE
from infra_specs.sizing.size import size
from infra_specs.stackfile.reading.load import from_data
from tests.tasks.providers.local.world import dsn, made, opened

AT_ONCE = 8
PASSWORD = "only of this run"
_REFUSED = "too many clients"


def main(asked: int, most: int) -> int:
    """Ask for so many connections and keep each that is given."""
    web = {"command": "run", "port": 80, "replicas": {"min": 2, "max": most}}
    spec = {
        "name": "asked",
        "target": {"provider": "local"},
        "services": {"web": web},
        "needs": {"database": "postgres"},
    }
    stack = from_data(spec)
    sizing = size(stack)
    assert sizing.database is not None
    for line in sizing.database.arithmetic:
        print(line)
    wanted = {item.address: item for item in desired_state(stack, sizing, counts={}, secrets={}, source="/")}
    promised = stack.services["web"].pool * most + SPARE
    with opened() as provider:
        outputs: dict[Reference, str] = {}
        volume = made(provider, wanted[database.VOLUME])
        outputs[Ref(database.VOLUME, "path")] = volume.outputs["path"]
        server = wanted[database.ADDRESS].resolved(lambda reference: outputs.get(reference, PASSWORD))
        where = dsn(made(provider, server), PASSWORD)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            held = [connection for connection in threads.map(lambda _: _opened(where), range(asked)) if connection]
        answers = sum(connection.execute("SELECT 1").fetchone() == (1,) for connection in held)
        for connection in held:
            connection.close()
    print(f"{asked:,} asked: {len(held)} held at once, {answers} of them answer; the plan promised {promised}")
    return 0 if answers >= min(promised, asked) else 1


def _opened(where: str) -> "psycopg.Connection[tuple[object, ...]] | None":
    """None where the database has no room for another."""
    try:
        return psycopg.connect(where, connect_timeout=60)
    except psycopg.OperationalError as error:
        if _REFUSED not in str(error):
            raise
        return None


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(*numbers, *(2000, 40)[len(numbers) :])))
