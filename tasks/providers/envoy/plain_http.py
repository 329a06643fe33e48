"""The listener of plain HTTP where certificates are fetched: it answers authorities, and leads to HTTPS or serves.

A host with a certificate is led to HTTPS; one without is served as it would be there. What an authority asks for comes
first, at any host. The proxy's settings say all of this, and the routes are made again whenever a route changes: so
what the settings say lies in a file of its own beside them.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from infra_specs.certificates.validity import covers
from tasks.providers.envoy import tls
from tasks.providers.envoy.files import RouteRule
from tasks.providers.envoy.messages import Json, response
from tasks.providers.envoy.routes import version_of, virtual_hosts

NAME = "plain"
FILE, ROUTES_FILE = "plain.json", f"routes-{NAME}.json"
CHALLENGE_PATH = "/.well-known/acme-challenge/"


def file_of(settings: Mapping[str, Any], public_port: int | None) -> Json | None:
    """The file that says it; None for a proxy whose certificates are not fetched, or that nobody reaches."""
    if not tls.is_fetched(settings) or public_port is None:
        return None
    return {
        "challenges": dict(settings.get("challenges") or {}),
        "secured": list(tls.secured_names(settings)),
        "public_port": public_port,
    }


def before_listeners(file: Json, told: Any) -> Json:
    """What it says until the listeners are taken in: only a name that is secured before and after is led to HTTPS."""
    known = told["secured"] if told else []
    return {**file, "secured": [name for name in file["secured"] if covers(known, name)]}


def routes(told: Json, rules: Iterable[RouteRule]) -> Json:
    """The routes of this listener, for what its file says and the rules of the public services."""
    challenges = [_challenge(token, answer) for token, answer in sorted(told["challenges"].items())]
    made = []
    for virtual_host in virtual_hosts(rules):
        secured = covers(told["secured"], virtual_host["name"])
        led = [{"match": {"prefix": "/"}, "redirect": tls.redirection(told["public_port"])}]
        made.append({**virtual_host, "routes": [*challenges, *(led if secured else virtual_host["routes"])]})
    if challenges and all("*" not in virtual_host["domains"] for virtual_host in made):
        made.append({"name": "challenges", "domains": ["*"], "routes": challenges})
    config = {"name": NAME, "virtual_hosts": made, "ignore_port_in_host_matching": True}
    return response("config.route.v3.RouteConfiguration", [config], version_of(made))


def leftovers(before: Iterable[str], files: Collection[str], plain: Json | None) -> list[str]:
    """The files of a proxy's folder that are for nothing any more, once it has taken in its `files`."""
    own = {*files, *((FILE, ROUTES_FILE) if plain else ())}
    return [
        name for name in before if name not in own and (tls.is_certificate_file(name) or name in (FILE, ROUTES_FILE))
    ]


def _challenge(token: str, answer: str) -> Json:
    return {
        "match": {"path": f"{CHALLENGE_PATH}{token}"},
        "direct_response": {"status": 200, "body": {"inline_string": answer}},
    }
