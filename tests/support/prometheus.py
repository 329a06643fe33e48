"""A throw-away Prometheus, and something for it to scrape."""

import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

PATIENCE = 60.0


def program() -> str | None:
    """Where it is: on the path, or where `make test` puts it."""
    return shutil.which("prometheus") or shutil.which("prometheus", path=str(Path(sys.executable).parent))


@dataclass
class Exporter:
    """Serves what `text` says now, on loopback."""

    text: str = ""
    port: int = field(default=0, init=False)

    @contextmanager
    def serving(self) -> Iterator["Exporter"]:
        exporter = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(exporter.text.encode())

            def log_message(self, *_: object) -> None:
                """Not a word."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@contextmanager
def running_prometheus(*targets: str, path: str = "/metrics") -> Iterator[str]:
    """Its URL. It scrapes each `host:port` every second, and is ended and removed afterwards."""
    binary = program()
    assert binary is not None
    folder = Path(tempfile.mkdtemp(prefix="tenfold-prometheus-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    jobs = "".join(f"        - '{target}'\n" for target in targets)
    (folder / "settings.yml").write_text(
        f"""\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: app
    metrics_path: {path}
    static_configs:
      - targets:
{jobs}"""
    )
    listens = f"--web.listen-address=127.0.0.1:{port}"
    command = [binary, f"--config.file={folder}/settings.yml", f"--storage.tsdb.path={folder}/data", listens]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        url = f"http://127.0.0.1:{port}"
        _await_ready(server, url, folder / "log")
        yield url
    finally:
        server.terminate()
        server.wait(PATIENCE)
        shutil.rmtree(folder)


def _await_ready(server: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/-/ready", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"never ready: {log.read_text()}")
