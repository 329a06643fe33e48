"""Many HTTP clients, each through a proxy and straight to an app that says what it was sent.

python -m benchmarks.clients [COUNT]      so many requests in all; 2000 by default

same         requests of which the app was sent the same: method, path, query, headers, body
other        the others, and in which things they differed, or why they must
nginx        the same requests written by hand through Debian's nginx, for the rows of odd ones
"""

import sys

from benchmarks.clients.peers import nginx
from benchmarks.clients.zoo import Row, odd_rows, usual_rows, world

COUNT = 2000
SEED = 12


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with world() as doors:
        rows = usual_rows(doors, count, SEED)
        rows += odd_rows(doors)
        with nginx(doors.app) as peer:
            beside = {row.name: row for row in odd_rows(doors, peer)} if peer else {}
    print(f"{'client':<34} {'sent':>5} {'same':>5} {'other':>5}  nginx")
    for row in rows:
        print(_line(row, beside.get(row.name)))
    sent, other = sum(row.sent for row in rows), sum(row.other for row in rows)
    print(f"{'all':<34} {sent:>5} {sent - other:>5} {other:>5}")


def _line(row: Row, peer: Row | None) -> str:
    beside = "" if peer is None else "same" if not peer.other else "; ".join(peer.differences)
    why = "".join(f"\n    {difference}" for difference in ([row.reason] if row.reason else row.differences))
    return f"{row.name:<34} {row.sent:>5} {row.sent - row.other:>5} {row.other:>5}  {beside}{why}"


if __name__ == "__main__":
    main()
