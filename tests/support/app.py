"""A tiny HTTP app of the standard library alone, for tests: who answers, how slowly, and what it was given.

`python app.py`: GET / says its PORT, GET /slow?1.5 answers after that many seconds, GET /env gives its environment,
GET /headers gives the headers of the request in their order, GET /internal answers with headers that proxies act on,
GET /healthz is 200 unless a file named by SICK is there, and GET / 500 with FAILS.
"""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

INTERNAL = (
    "x-envoy-immediate-health-check-fail",
    "x-envoy-overloaded",
    "x-envoy-degraded",
    "x-envoy-ratelimited",
    "x-envoy-attempt-count",
    "X-Envoy-Of-An-App",
)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet: two would wait 40 ms for one another

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        headers: tuple[str, ...] = ()
        status, body = 200, f"{os.environ.get('NAME', '')} {os.environ['PORT']} {path}"
        if path.endswith("/slow"):
            time.sleep(float(query))
        elif path == "/env":
            body = json.dumps(dict(os.environ))
        elif path == "/headers":
            body = json.dumps(self.headers.items())
        elif path == "/internal":
            headers = INTERNAL
        elif path == "/healthz" and Path(os.environ.get("SICK", "/nowhere")).exists():
            status = 503
        elif path == "/" and os.environ.get("FAILS"):
            status = 500
        self.send_response(status)
        for name in headers:
            self.send_header(name, "true")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Not a word: tests read the log for other things."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


if __name__ == "__main__":
    print("app starts", flush=True)
    Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
