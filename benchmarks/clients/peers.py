"""nginx in front of the same app, with the settings that its manual gives for a proxy."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.clients.debian import Missing, unpacked

_SETTINGS = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log crit;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{app}; proxy_http_version 1.1; proxy_set_header Host $http_host;
      proxy_set_header Connection ""; }}
  }}
}}
"""


@contextmanager
def nginx(app: str) -> Iterator[str | None]:
    """Its address while it runs; None where it cannot be had, which is said."""
    try:
        program = unpacked("nginx", "nginx")
    except Missing as missing:
        print(f"no nginx beside it: {missing}")
        yield None
        return
    with tempfile.TemporaryDirectory() as kept, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        settings = Path(kept, "nginx.conf")
        settings.write_text(_SETTINGS.format(folder=kept, port=port, app=app.rpartition(":")[2]))
        running = subprocess.Popen([program, "-c", settings, "-p", kept, "-e", f"{kept}/first.log"])
        try:
            _await(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()
            running.wait()


def _await(port: int) -> None:
    for _ in range(500):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise TimeoutError("nginx does not answer")
