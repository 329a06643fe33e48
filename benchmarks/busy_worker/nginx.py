"""nginx as Debian has it, unpacked into the temporary folder and not installed, in front of one process of the app."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

FOLDER = Path(tempfile.gettempdir()) / f"tenfold-benchmark-nginx-{os.getuid()}"
_APP = Path(__file__).parent / "app.py"
_PROGRAM = "usr/sbin/nginx"
_CONFIG = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{app}; }} }}
}}
"""


@contextmanager
def in_front_of_the_app(work: float, read: Path) -> Iterator[str]:
    """The address of an nginx with its own defaults, in front of one process of the app."""
    program = unpacked()
    with tempfile.TemporaryDirectory() as name:
        folder, port, app = Path(name), free_port(), free_port()
        (folder / "nginx.conf").write_text(_CONFIG.format(folder=folder, port=port, app=app))
        env = {**os.environ, "PORT": str(app), "WORK": str(work), "READ": str(read)}
        running = [
            subprocess.Popen([sys.executable, str(_APP)], env=env),
            subprocess.Popen([str(program), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]),
        ]
        try:
            for awaited in (app, port):
                until_it_listens(awaited)
            yield f"http://127.0.0.1:{port}"
        finally:
            for process in running:
                process.kill()
                process.wait()


def unpacked() -> Path:
    """The program."""
    if not (FOLDER / _PROGRAM).exists():
        FOLDER.mkdir(exist_ok=True)
        subprocess.run(["apt-get", "-q", "download", "nginx"], cwd=FOLDER, check=True, stderr=subprocess.DEVNULL)
        subprocess.run(["dpkg-deb", "-x", sorted(FOLDER.glob("nginx_*.deb"))[-1], FOLDER], check=True)
    return FOLDER / _PROGRAM


def free_port() -> int:
    """A port on loopback that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def until_it_listens(port: int) -> None:
    """Wait until somebody listens there, a minute at most."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with closing(socket.create_connection(("127.0.0.1", port), timeout=5)):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
