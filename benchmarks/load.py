"""Requests at a fixed rate, whatever becomes of them, from a process of its own: an open loop.

python -m benchmarks.load URL RATE [new] [post] [shaky]     until its input ends; then one line of JSON, a `Result`

Every request is due at a moment that was set beforehand, and its latency is counted from that moment: a server that
stalls is charged for all who had to wait. `new` makes a connection for each request; otherwise connections are kept
and reused, the one that was used last first. `post` sends what no proxy may send twice. `shaky` is another rate in each
second, evenly spread over 15 % below and above. Anything but a 200 has failed, and nothing is tried again.
"""

import asyncio
import contextlib
import itertools
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

PATIENCE = 10.0
"""Seconds until a request without an answer has failed."""


@dataclass(frozen=True, slots=True)
class Result:
    """Exact counts; latencies of the requests that were answered with 200, in milliseconds."""

    sent: int
    failed: int
    p50: float
    p99: float
    longest: float
    seconds: float
    late: float = 0.0
    """Milliseconds that a request was sent after it was due, at worst: if many, this process was starved."""
    failed_from: float | None = None
    failed_until: float | None = None
    """When the first and the last that failed were due, in seconds since the beginning."""
    failures: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        why = "".join(f"; {count} x {what}" for what, count in self.failures.items())
        if self.failed:
            why += f", due from {self.failed_from:.1f} to {self.failed_until:.1f} of {self.seconds:.1f} s"
        counted = f"{self.failed}/{self.sent} failed, p50 {self.p50:.0f} ms, p99 {self.p99:.0f} ms"
        return f"{counted}, sent {self.late:.0f} ms late at worst{why}"


class Load:
    """The load of another process, from `started` until `stop`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @classmethod
    def started(cls, url: str, rate: float, *, new: bool = False, post: bool = False, shaky: bool = False) -> Self:
        """Returns when the first answer has come."""
        how = [word for word, meant in (("new", new), ("post", post), ("shaky", shaky)) if meant]
        command = [sys.executable, "-m", "benchmarks.load", url, str(rate), *how]
        folder = Path(__file__).parents[1]
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        if not process.stdout.readline():
            raise RuntimeError(f"no load came about at {url}")
        return cls(process)

    def stop(self) -> Result:
        """No more is sent; what is under way is waited for."""
        said, _ = self._process.communicate()
        return Result(**json.loads(said))


@contextlib.contextmanager
def load(
    url: str, rate: float, *, new: bool = False, post: bool = False, shaky: bool = False
) -> Iterator[list[Result]]:
    """Load while the block runs; its result is in the list afterwards."""
    under, results = Load.started(url, rate, new=new, post=post, shaky=shaky), list[Result]()
    try:
        yield results
    finally:
        results.append(under.stop())


class _Client:
    def __init__(self, url: str, new: bool, post: bool) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._new = parts.hostname or "", parts.port or 80, new
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        close = "Connection: close\r\n" if new else ""
        line = f"{'POST' if post else 'GET'} {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n{close}"
        self._request = (f"{line}Content-Length: 4\r\n\r\nload" if post else f"{line}\r\n").encode()
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.latencies: list[float] = []
        self.failures: Counter[str] = Counter()
        self.failed_at: list[float] = []
        self.late = 0.0

    async def ask(self, due: float) -> None:
        """One request; how it ended is counted."""
        self.late = max(self.late, (time.perf_counter() - due) * 1000)
        try:
            async with asyncio.timeout(PATIENCE):
                status = await self._status()
        except TimeoutError:
            self._failed("no answer", due)
        except (OSError, EOFError, ValueError) as error:
            self._failed(type(error).__name__, due)
        else:
            if status == 200:
                self.latencies.append((time.perf_counter() - due) * 1000)
            else:
                self._failed(str(status), due)

    def _failed(self, how: str, due: float) -> None:
        self.failures[how] += 1
        self.failed_at.append(due)

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """One that is kept and that the server has not closed meanwhile, as real clients look; else a new one."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._host, self._port)

    async def _status(self) -> int:
        connection = await self._connection()
        reader, writer = connection
        try:
            writer.write(self._request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            await self._body(reader, head)
        except BaseException:  # cut off in the middle by whatever: nobody may use it again
            writer.close()
            raise
        if self._new or "\r\nconnection: close" in head:
            writer.close()
        else:
            self._idle.append(connection)
        return int(head.split(" ", 2)[1])

    @staticmethod
    async def _body(reader: asyncio.StreamReader, head: str) -> None:
        lengths = [line.partition(":")[2] for line in head.split("\r\n") if line.startswith("content-length:")]
        if lengths:
            await reader.readexactly(int(lengths[0]))
        elif "\r\ntransfer-encoding: chunked" in head:
            while size := int((await reader.readline()).split(b";")[0], 16):
                await reader.readexactly(size + 2)
            await reader.readline()
        else:
            raise ValueError("an answer without a length")


def moments(rate: float, spread: float) -> Iterator[float]:
    """When each request is due, in seconds since the beginning."""
    source = random.Random(spread)
    due = 0.0
    for second in itertools.count():
        wait = rate * (1 + source.uniform(-spread, spread))
        while due < second + 1:
            yield due
            due += 1 / wait


async def _run(url: str, rate: float, spread: float, new: bool, post: bool) -> Result:
    client, asked = _Client(url, new, post), set[asyncio.Task[None]]()
    due_at = moments(rate, spread)
    loop = asyncio.get_running_loop()
    ended = loop.run_in_executor(None, sys.stdin.read)
    began, sent = time.perf_counter(), 0
    while not ended.done():
        due = began + next(due_at)
        await asyncio.sleep(due - time.perf_counter())
        task = asyncio.create_task(client.ask(due))
        asked.add(task)
        task.add_done_callback(asked.discard)
        sent += 1
        if sent == 1:
            await task
            print("under way", flush=True)
            began, due_at = time.perf_counter(), moments(rate, spread)
    seconds = time.perf_counter() - began
    await asyncio.gather(*asked)
    latencies = sorted(client.latencies) or [float("nan")]

    def share(part: float) -> float:
        return round(latencies[min(int(len(latencies) * part), len(latencies) - 1)], 2)

    when = [round(max(due - began, 0.0), 1) for due in sorted(client.failed_at)]
    return Result(
        sent, client.failures.total(), share(0.5), share(0.99), share(1.0), round(seconds, 2),
        round(client.late, 1), when[0] if when else None, when[-1] if when else None, dict(client.failures),
    )  # fmt: skip


if __name__ == "__main__":
    how = sys.argv[3:]
    said = _run(sys.argv[1], float(sys.argv[2]), 0.15 if "shaky" in how else 0.0, "new" in how, "post" in how)
    print(json.dumps(asdict(asyncio.run(said))), flush=True)
