"""Which service gets a request, and how long it may take: the routes as the proxy reads them, made from the rules."""

import hashlib
import json
from collections.abc import Iterable, Sequence

from tasks.providers.envoy import paths, sticky
from tasks.providers.envoy.files import RouteRule
from tasks.providers.envoy.messages import Json, response, typed

_SAFE_METHODS = "GET|HEAD|OPTIONS"
_PREVIOUS_HOSTS = "extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
_MISDIRECTED = "No service of this stack has that host.\n"
_REFUSED = "A segment of the path is . or .. and that is refused.\n"


def routes(name: str, rules: Iterable[RouteRule]) -> Json:
    """Who gets a request: the most exact host, and there the longest path; a host's own rules before wider ones'.

    The version is a hash of all of it, by which a proxy says what it has taken in.
    """
    made = virtual_hosts(rules)
    # A browser asks for `host:port`; the rules name hosts.
    config = {"name": name, "virtual_hosts": made, "ignore_port_in_host_matching": True}
    return response("config.route.v3.RouteConfiguration", [config], version_of(made))


def public_routes(rules: Iterable[RouteRule]) -> Json:
    """The same for clients from elsewhere, of whom some ask for a host that another stack has.

    A browser sends requests for all hosts of a certificate down one connection, if they have one address. What another
    stack's proxy is to answer, and has the same certificate, comes again by a connection of its own (421).
    """
    made = virtual_hosts(rules)
    if made and all(host["name"] != "*" for host in made):
        answer = {"status": 421, "body": {"inline_string": _MISDIRECTED}}
        made.append(
            {"name": "misdirected", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "direct_response": answer}]}
        )
    config = {"name": "public", "virtual_hosts": made, "ignore_port_in_host_matching": True}
    return response("config.route.v3.RouteConfiguration", [config], version_of(made))


def virtual_hosts(rules: Iterable[RouteRule]) -> list[Json]:
    """The routes of each host."""
    ordered = sorted(rules, key=lambda rule: (-len(rule.path.rstrip("/")), rule.service))
    hosts = sorted({rule.host for rule in ordered})
    return [_virtual_host(host, hosts, ordered) for host in hosts]


def version_of(virtual_hosts: Sequence[Json]) -> str:
    """A hash of all that routes say."""
    return hashlib.sha256(json.dumps(virtual_hosts, sort_keys=True).encode()).hexdigest()[:12]


def _virtual_host(host: str, hosts: Iterable[str], ordered: Sequence[RouteRule]) -> Json:
    entries = [
        entry
        for wider in _from_exact_to_any(host, hosts)
        for rule in ordered
        if rule.host == wider
        for entry in _entries(rule)
    ]
    refused = {
        "match": {"safe_regex": {"regex": paths.DOT_SEGMENT}},
        "direct_response": {"status": 400, "body": {"inline_string": _REFUSED}},
    }
    return {
        "name": host,
        # The dot at the end of a whole name means nothing to an app.
        "domains": [host] if host == "*" else [host, f"{host}."],
        "routes": [refused, *entries],
        # Read by `time_limit`.
        "include_is_timeout_retry_header": True,
    }


def _from_exact_to_any(host: str, hosts: Iterable[str]) -> list[str]:
    """The hosts whose rules hold for this one, itself first."""

    def covers(wide: str) -> bool:
        return wide in (host, "*") or (wide.startswith("*.") and host.endswith(wide[1:]))

    return sorted(filter(covers, hosts), key=lambda wide: (wide != host, wide == "*", -len(wide)))


def _entries(rule: RouteRule) -> list[Json]:
    """Requests that may be sent twice are tried again after any reset; the others only if nothing was read yet."""
    match = paths.match(rule.path)
    method = {"name": ":method", "string_match": {"safe_regex": {"regex": _SAFE_METHODS}}}
    session = {"typed_per_filter_config": sticky.session(rule.cookie)} if rule.cookie else {}
    return [
        {"match": match | {"headers": [method]}, "route": _action(rule, "reset"), **session},
        {"match": match, "route": _action(rule, "reset-before-request"), **session},
    ]


def _action(rule: RouteRule, reset: str) -> Json:
    return {
        "cluster": rule.cluster,
        **(paths.rest(rule.path) if rule.files else {}),
        # Of a whole answer: by default it is cut off after 15 s.
        "timeout": "0s",
        **({"idle_timeout": f"{rule.idle_seconds:g}s"} if rule.idle_seconds else {}),
        "retry_policy": {
            "retry_on": f"connect-failure,refused-stream,{reset}",
            "num_retries": 3,
            # Until an answer begins, once the whole request was sent; `time_limit` sees to it that nothing is retried.
            "per_try_timeout": f"{rule.request_seconds:g}s",
            "retry_host_predicate": [typed("envoy.retry_host_predicates.previous_hosts", _PREVIOUS_HOSTS)],
            # Least-request prefers a dead server, which has none: 5 picks find another too seldom.
            "host_selection_retry_max_attempts": 50,
        },
    }
