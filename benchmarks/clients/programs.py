"""The clients: each sends requests to a port of loopback and gives the answers in their order."""

import base64
import http.client
import json
import re
import socket
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright
from websockets.sync.client import connect

from benchmarks.clients.requests import Request
from benchmarks.clients.told import Answer
from tests.support.browser import chromium, switches

TOLD = "x-told"
HOST = "shop.example.com"
PATIENCE = 60.0
Client = Callable[[str, Sequence[Request]], list[Answer]]
"""It is given `http://127.0.0.1:PORT`, or `https`."""


def answer_of(status: int, told: str | None) -> Answer:
    return Answer(status, json.loads(base64.b64decode(told)) if told else None)


def python(url: str, requests: Sequence[Request]) -> list[Answer]:
    """`http.client`, one connection for all."""
    connection = http.client.HTTPConnection("127.0.0.1", _port(url), timeout=PATIENCE)
    answers = []
    for request in requests:
        connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        length = [("Content-Length", str(len(request.body)))] if request.body is not None else []
        for name, value in (("Host", HOST), *request.headers, *length):
            connection.putheader(name, value)
        connection.endheaders(request.body)
        reply = connection.getresponse()
        reply.read()
        answers.append(answer_of(reply.status, reply.getheader(TOLD)))
    connection.close()
    return answers


def apache_bench(program: Path, libraries: Path | None) -> Client:
    """`ab`: HTTP/1.0, kept connections. It sends one request again and again."""

    def client(url: str, requests: Sequence[Request]) -> list[Answer]:
        count = len(requests)
        ran = subprocess.run(
            [program, "-k", "-n", str(count), "-c", "1", "-v", "4", "-H", f"Host: {HOST}", f"{url}/bench//a%2Fb?c=d"],
            env={"LD_LIBRARY_PATH": str(libraries or "")},
            capture_output=True,
            timeout=10 * PATIENCE,
            check=False,
        )
        heads = re.findall(r"HTTP/1\.[01] (\d+).*?\r?\n\r?\n", ran.stdout.decode("latin-1"), re.DOTALL)
        told = re.findall(rf"(?i){TOLD}: (\S+)", ran.stdout.decode("latin-1"))
        answers = [answer_of(int(status), text) for status, text in zip(heads, told, strict=False)]
        return answers + [Answer(0)] * (count - len(answers))

    return client


def browser(url: str, requests: Sequence[Request]) -> list[Answer]:
    """Headless Chromium: a page, and `fetch` from it."""
    script = """async ([method, target, headers, body]) => {
        const bytes = body === null ? undefined : Uint8Array.from(atob(body), letter => letter.charCodeAt(0))
        const request = new Request(location.origin + target, {method, headers, body: bytes, cache: "no-store"})
        const reply = await fetch(request)
        await reply.arrayBuffer()
        return [reply.status, reply.headers.get("x-told")]
    }"""
    answers = []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=list(switches))
        page = opened.new_context(ignore_https_errors=True).new_page()
        page.goto(f"{url}/page")
        for request in requests:
            body = None if request.body is None else base64.b64encode(request.body).decode()
            status, told = page.evaluate(script, [request.method, request.target, list(request.headers), body])
            answers.append(answer_of(status, told))
        opened.close()
    return answers


def websocket(url: str, requests: Sequence[Request]) -> list[Answer]:
    """`websockets`: what the app was asked, and whether it hears and says the same."""
    answers = []
    for request in requests:
        address = url.replace("http", "ws", 1) + request.target
        with connect(
            address, additional_headers=dict(request.headers), open_timeout=PATIENCE, compression=None
        ) as open_:
            told: dict[str, Any] = json.loads(open_.recv(PATIENCE))
            assert open_.recv(PATIENCE) == "second"
            open_.send("hello \u00e9")
            assert open_.recv(PATIENCE) == "hello \u00e9"
            told["headers"] = [[name, value] for name, value in told["headers"] if name.lower() != "sec-websocket-key"]
            answers.append(Answer(101, told))
    return answers


def by_hand(url: str, sent: str, count: int) -> list[Answer]:
    """What is written by hand, over one connection."""
    answers = []
    with socket.create_connection(("127.0.0.1", _port(url)), PATIENCE) as connection:
        connection.sendall(sent.encode("latin-1"))
        stream = connection.makefile("rb")
        try:
            while len(answers) < count:
                answers.append(_read(stream, is_head=sent.startswith("HEAD")))
        except (OSError, ValueError, IndexError):
            answers += [Answer(0)] * (count - len(answers))
    return answers


def _read(stream: Any, *, is_head: bool) -> Answer:
    status = 100
    while status == http.HTTPStatus.CONTINUE:
        status = int(stream.readline().split()[1])
        headers = {}
        while line := stream.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
    if not is_head:
        stream.read(int(headers.get("content-length", 0)))
    return answer_of(status, headers.get(TOLD))


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])
