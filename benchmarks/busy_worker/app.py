"""One worker without threads: `/work?n=7` takes WORK seconds, anything else none.

It writes to the file READ which requests it began to read, as `7 1234`: the request and its own process.
"""

import os
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


class Single(BaseHTTPRequestHandler):
    """Answers with its process."""

    def do_GET(self) -> None:
        """One request, from its beginning to its end."""
        target = urlsplit(self.path)
        if target.path == "/work":
            with Path(os.environ["READ"]).open("a") as file:
                file.write(f"{parse_qs(target.query)['n'][0]} {os.getpid()}\n")
            time.sleep(float(os.environ["WORK"]))
        body = str(os.getpid()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """The file READ is enough."""


if __name__ == "__main__":
    HTTPServer((os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"])), Single).serve_forever()
