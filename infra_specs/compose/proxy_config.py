"""The settings of an nginx that leads requests to services by host and path."""

from collections.abc import Iterator

from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.stack import Stack

PROXY_PORT = 8080
_HEADERS = (
    "proxy_set_header Host $host;",
    "proxy_set_header X-Forwarded-For $remote_addr;",
    "proxy_set_header X-Forwarded-Proto $scheme;",
    "proxy_http_version 1.1;",
    "proxy_set_header Upgrade $http_upgrade;",
    "proxy_set_header Connection $connection_upgrade;",
)


def proxy_config(stack: Stack) -> str:
    """The settings; empty for a stack that serves nothing. The names of services are looked up again every 5 s."""
    by_host: dict[str, list[tuple[str, Service]]] = {}
    for name, service in stack.services.items():
        if service.port is not None:
            by_host.setdefault(service.route.host, []).append((name, service))
    return "\n".join(_lines(by_host)) + "\n" if by_host else ""


def _lines(by_host: dict[str, list[tuple[str, Service]]]) -> Iterator[str]:
    yield "resolver 127.0.0.11 valid=5s;"
    yield "map $http_upgrade $connection_upgrade { default upgrade; '' ''; }"
    for host, services in sorted(by_host.items()):
        default = " default_server" if host == "*" else ""
        yield f"server {{\n  listen {PROXY_PORT}{default};\n  server_name {'_' if host == '*' else host};"
        yield "  client_max_body_size 0;"
        for name, service in services:
            yield from _location(name, service)
        yield "}"
    if "*" not in by_host:
        yield f"server {{ listen {PROXY_PORT} default_server; return 404; }}"


def _location(name: str, service: Service) -> Iterator[str]:
    """The blocks of one route: its path, and everything below it, but no path that only begins alike."""
    path, upstream = service.route.path.rstrip("/"), f"$service_{name.replace('-', '_')}"
    for pattern in (f"= {path}", f"{path}/") if path else ("/",):
        yield f"  location {pattern} {{"
        yield f"    set {upstream} {name};"
        yield f"    proxy_pass http://{upstream}:{service.port};"
        yield f"    proxy_read_timeout {int(service.route.timeouts.request)}s;"
        yield from (f"    {header}" for header in _HEADERS)
        yield "  }"
