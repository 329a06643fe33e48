"""curl, with whichever version of HTTP it is told: all requests in one process, from a file of its own language."""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.clients.programs import HOST, PATIENCE, TOLD, Client, answer_of
from benchmarks.clients.requests import Request
from benchmarks.clients.told import Answer


def curl_of_each(*options: str) -> Client:
    """The same with a process for each request. Curl 7.88 cannot use a connection of HTTP/2 again without TLS."""
    client = curl(*options)
    return lambda url, requests: [answer for request in requests for answer in client(url, [request])]


def curl(*options: str) -> Client:
    """curl with these options for each request, such as `http1.0`."""

    def client(url: str, requests: Sequence[Request]) -> list[Answer]:
        with tempfile.TemporaryDirectory() as kept:
            folder = Path(kept)
            lines = [
                line
                for number, request in enumerate(requests)
                for line in (*(["next"] if number else []), *_block(folder, number, url, request), *options)
            ]
            config = folder / "config"
            config.write_text("\n".join(lines), encoding="latin-1")
            subprocess.run(["curl", "-q", "-K", config], check=False, timeout=10 * PATIENCE)
            return [_of_heads(folder / f"head-{number}") for number in range(len(requests))]

    return client


def _block(folder: Path, number: int, url: str, request: Request) -> list[str]:
    """The lines of one request."""
    lines = [f"url = {_quoted(url + request.target)}", "path-as-is", "globoff", "insecure", "silent", "no-buffer"]
    lines += [f"dump-header = {_quoted(str(folder / f'head-{number}'))}", 'output = "/dev/null"']
    lines += ["head"] if request.method == "HEAD" else [f"request = {request.method}"]
    # A colon without a value takes a header away, a semicolon sends it empty.
    headers = [f"{name}: {value}" if value else f"{name};" for name, value in (("Host", HOST), *request.headers)]
    lines += [f"header = {_quoted(line)}" for line in ("Expect:", *headers)]
    if request.body is not None:
        body = folder / f"body-{number}"
        body.write_bytes(request.body)
        lines += ['header = "Content-Type: application/octet-stream"', f"data-binary = {_quoted(f'@{body}')}"]
    return lines


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _of_heads(path: Path) -> Answer:
    """The last head of a file of heads: those before it are of `100 Continue`."""
    if not path.exists() or not (text := path.read_text("latin-1").strip()):
        return Answer(0)
    first, *lines = text.split("\n\n" if "\r" not in text else "\r\n\r\n")[-1].splitlines()
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return answer_of(int(first.split()[1]), headers.get(TOLD))
