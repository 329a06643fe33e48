"""Stacks that share the ports of one machine, on any target: their specs, and what clients of each meet."""

import http.client
import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.support.certificates import Authority

HOSTS = {"shop": "shop.example.com", "blog": "blog.example.com"}


def files(folder: Path, ours: Authority) -> dict[str, dict[str, str]]:
    """A certificate and its key for each stack, as files that `tls` names."""
    made = {}
    for stack, host in HOSTS.items():
        made[stack] = {name: str(folder / f"{stack}-{name}.pem") for name in ("certificate", "key")}
        for path, pem in zip(made[stack].values(), ours.issue(host), strict=True):
            Path(path).write_text(pem)
    return made


def spec(
    stack: str, name: str, target: Mapping[str, Any], ports: tuple[int, int], tls: Mapping[str, Any], **service: Any
) -> dict[str, Any]:
    """One public service at the stack's host, at these ports of HTTPS and plain HTTP."""
    web = {"port": 8000, "public": True, "route": {"host": HOSTS[stack]}, "health": "/healthz", **service}
    return {
        "name": name,
        "target": {**target, "public_port": ports[0]},
        "services": {"web": web},
        "tls": {**tls, "redirect": ports[1]},
    }


def asked(port: int, stack: str, ours: Authority, client: str = "127.0.0.1") -> dict[str, str] | None:
    """The headers that the stack's app was told of a request by HTTPS; None if it was not reached."""
    with suppress(OSError, http.client.HTTPException):
        plain = socket.create_connection(("127.0.0.1", port), 30, (client, 0))
        connection = http.client.HTTPConnection(HOSTS[stack])
        connection.sock = ours.trusted().wrap_socket(plain, server_hostname=HOSTS[stack])
        connection.request("GET", "/headers", headers={"Host": HOSTS[stack], "Connection": "close"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 200:
            told = json.loads(body)
            return {name.lower(): value for name, value in (told["headers"] if isinstance(told, dict) else told)}
    return None


def redirected(port: int, host: str) -> tuple[int, str]:
    """Status and Location over plain HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/a?b", headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.headers["Location"] or ""
    finally:
        connection.close()
