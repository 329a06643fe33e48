"""Requests to a proxy as clients of every kind write them: from any address of loopback, header by header."""

import json
import socket
from collections.abc import Sequence

import httpx

Headers = Sequence[tuple[str, str]]
PATIENCE = 60.0

claims: Headers = (
    ("X-Forwarded-For", "203.0.113.7"),
    ("x-fORWARDED-fOR", "203.0.113.8"),
    ("X_Forwarded_For", "203.0.113.9"),
    ("X-Forwarded_For", "203.0.113.10"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Port", "444"),
    ("X-Forwarded-Client-Cert", "Hash=evil.example"),
    ("X-Forwarded-Server", "evil.example"),
    ("X-Forwarded-Prefix", "/evil.example"),
    ("X-Forwarded-Ssl", "evil.example"),
    ("X-Forwarded-Scheme", "evil.example"),
    ("X-Forwarded-User", "evil.example"),
    ("X-Forwarded", "for=203.0.113.11"),
    ("X-Real-IP", "203.0.113.12"),
    ("X-Real-Ip", "203.0.113.13"),
    ("x_real_ip", "203.0.113.14"),
    ("Forwarded", "for=203.0.113.15;host=evil.example"),
    ("Forwarded", "for=203.0.113.16"),
    ("X-Client-IP", "203.0.113.17"),
    ("X-Cluster-Client-IP", "203.0.113.18"),
    ("True-Client-IP", "203.0.113.19"),
    ("CF-Connecting-IP", "203.0.113.20"),
    ("Fastly-Client-IP", "203.0.113.21"),
    ("X-Original-URL", "/evil.example"),
    ("X-Rewrite-URL", "/evil.example"),
    ("X-Original-Host", "evil.example"),
    ("Remote-User", "evil.example"),
    ("Client-Cert", ":ZXZpbC5leGFtcGxl:"),
    ("X-Request-Id", "evil.example"),
    ("Proxy", "http://evil.example"),
    ("x-envoy-upstream-rq-timeout-ms", "1"),
    ("x-envoy-max-retries", "203"),
    ("X-Envoy-Internal", "true"),
    ("X-Envoy-Evil.Example", "1"),
)
"""What a client may not say of itself, in every spelling."""
own: Headers = (("X-HTTP-Method-Override", "PUT"), ("X-Correlation-Id", "a"), ("Via", "1.1 b"), ("Accept", "c"))
"""What it may."""


def over_http1(port: str, headers: Headers, source: str = "127.0.0.1", path: str = "/headers") -> list[list[str]]:
    """What the app was told, over HTTP/1.1."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    request = f"GET {path} HTTP/1.1\r\nHost: shop.example.com:8080\r\nConnection: close\r\n{lines}\r\n"
    with socket.create_connection(("127.0.0.1", int(port)), PATIENCE, (source, 0)) as connection:
        connection.sendall(request.encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    told: list[list[str]] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return told


def over_http2(port: str, headers: Headers, source: str = "127.0.0.1") -> list[list[str]]:
    """The same over HTTP/2 without TLS."""
    transport = httpx.HTTPTransport(http1=False, http2=True, local_address=source)
    small = [(name.lower(), value) for name, value in headers]
    with httpx.Client(transport=transport, timeout=PATIENCE) as client:
        answer = client.get(f"http://127.0.0.1:{port}/headers", headers=[("Host", "shop.example.com:8080"), *small])
    assert answer.http_version == "HTTP/2"
    told: list[list[str]] = answer.json()
    return told


def named(told: list[list[str]]) -> dict[str, list[str]]:
    """Header in small letters -> its values, one for each line."""
    headers: dict[str, list[str]] = {}
    for name, value in told:
        headers.setdefault(name.lower(), []).append(value)
    return headers
