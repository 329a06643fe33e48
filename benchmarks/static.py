"""Files of a volume, served by a stack and by nginx as Debian has it: the same files, on loopback.

python -m benchmarks.static [SECONDS] [ROUNDS]

Eight clients with a connection each ask for a file again and again, for SECONDS (3) a time. The three ways take turns,
for ROUNDS (5) rounds, so that what else the machine does befalls all of them. Medians are printed.

requests     a second; the clients are a Python program on the same machine, so they are part of what bounds it
processor    of the servers alone, by request: what others do on the machine changes it little
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.busy_worker.nginx import free_port, unpacked, until_it_listens
from tasks.providers.local.accounts import stack_accounts
from tasks.providers.local.files import give
from tests.tasks.providers.local.world import made, opened, pid, proxy, stack, volume
from tests.tasks.providers.served_files import files_route, files_server

CLIENTS = 8
FILES = {"10 KB": ("small.bin", 10 * 2**10), "1 MB": ("large.bin", 2**20)}
_CONFIG = """
daemon off;
worker_processes 2;
pid {folder}/pid;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; location /media {{ alias {files}; }} }}
}}
"""
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Way:
    """One way to the files: its port, what its paths begin with, and the first process of each of its servers."""

    name: str
    port: int
    prefix: str
    servers: tuple[int, ...]

    def processor_seconds(self) -> float:
        """What its servers and their children have used so far."""
        return sum(map(_used, {child for server in self.servers for child in _family(server)}))


@dataclass(frozen=True)
class Rate:
    """What one turn came to."""

    a_second: float
    processor: float
    """Seconds by request."""

    def beside(self, base: "Rate") -> str:
        """It, and the ratios to another one."""
        return (
            f"{self.a_second:>8,.0f} requests/s = {self.a_second / base.a_second:.2f} x, "
            f"{self.processor * 1e6:>6,.0f} µs of processor = {self.processor / base.processor:.2f} x"
        )


def turn(way: Way, file: str, size: int, seconds: float) -> Rate:
    """Ask for a file for so long."""
    counts: list[int] = []
    used, began = way.processor_seconds(), time.monotonic()
    threads = [
        threading.Thread(target=lambda: counts.append(_ask(way, f"{way.prefix}/{file}", size, began + seconds)))
        for _ in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed, requests = time.monotonic() - began, sum(counts)
    return Rate(requests / elapsed, (way.processor_seconds() - used) / requests)


def _ask(way: Way, path: str, size: int, until: float) -> int:
    """How many answers one client got."""
    request = f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    buffer, count = memoryview(bytearray(2**18)), 0
    with socket.create_connection(("127.0.0.1", way.port)) as connection:
        while time.monotonic() < until:
            connection.sendall(request)
            head = bytearray()
            while (end := head.find(b"\r\n\r\n")) < 0:
                head += buffer[: connection.recv_into(buffer)]
            assert head.startswith(b"HTTP/1.1 200"), head[:200]
            left = size - (len(head) - end - 4)
            while left:
                left -= connection.recv_into(buffer)
            count += 1
    return count


def _used(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK


def _family(process: int) -> Iterator[int]:
    yield process
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        yield from _family(int(child))


@contextmanager
def debians_nginx(files: Path) -> Iterator[Way]:
    """Beside the stack, with the same number of workers."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o711)
        user = "user root;\n" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(user + _CONFIG.format(folder=folder, port=port, files=files))
        words = [str(unpacked()), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        # A session of its own, as the stack's servers have: the kernel shares processors between sessions.
        with subprocess.Popen(words, start_new_session=True) as process:
            try:
                until_it_listens(port)
                yield Way("nginx of Debian", port, "/media", (process.pid,))
            finally:
                process.terminate()


@contextmanager
def ways() -> Iterator[Sequence[Way]]:
    """All of them, to the same files in a volume of a stack."""
    with opened() as provider:
        home = provider._home
        store = made(provider, volume())
        folder = Path(store.outputs["path"])
        for name, size in FILES.values():
            (folder / name).write_bytes(os.urandom(size))
        if account := stack_accounts.find(home, stack):
            give(folder, (account.uid, account.gid))
        door, server = made(provider, proxy()), made(provider, files_server(stack, str(folder)))
        made(provider, files_route(server))
        servers = (pid(home, door), pid(home, server))
        port = int(server.outputs["endpoint"].rpartition(":")[2])
        with debians_nginx(folder) as nginx:
            yield (
                nginx,
                Way("the file server alone", port, "", servers[1:]),
                Way("the stack: proxy and file server", int(door.outputs["port"]), "/media", servers),
            )


def main(seconds: float = 3.0, rounds: int = 5) -> None:
    """Print what each way came to for each file, and the ratio to nginx."""
    with ways() as known:
        for label, (file, size) in FILES.items():
            rates: dict[str, list[Rate]] = {way.name: [] for way in known}
            for _ in range(rounds):
                for way in known:
                    rates[way.name].append(turn(way, file, size, seconds))
            medians = {name: _median(measured) for name, measured in rates.items()}
            base = medians[known[0].name]
            for name, median in medians.items():
                print(f"{label:>5}  {name:<33} {median.beside(base)}", flush=True)


def _median(rates: Sequence[Rate]) -> Rate:
    return Rate(statistics.median(rate.a_second for rate in rates), statistics.median(rate.processor for rate in rates))


if __name__ == "__main__":
    words = sys.argv[1:]
    main(*map(float, words[:1]), *map(int, words[1:2]))
