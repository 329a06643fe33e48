"""What the proxy is told, as plain data: a pure function of the routes.

Each default that is overridden here was measured to lose requests or to send them to dead servers; see the comments.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from tasks.providers.envoy.messages import Json, response, source, typed

DRAINING = ("--drain-strategy", "immediate", "--drain-time-s", "86400")
"""Options that lead open connections over when a listener changes: each is closed after its next answer, and streams
and WebSockets have a day. By default it is done at random within 10 minutes, and whatever is open then is cut."""
_SAFE_METHODS = "GET|HEAD|OPTIONS"


@dataclass(frozen=True, slots=True)
class RouteRule:
    """One service behind the proxy. `draining` endpoints get no new requests but stay known.

    `weights`: endpoint -> the percentage of the requests that it gets; the others share the rest evenly.
    """

    service: str
    host: str
    path: str
    public: bool
    health: str
    endpoints: tuple[str, ...]
    draining: tuple[str, ...] = ()
    weights: Mapping[str, int] = field(default_factory=dict)

    @property
    def cluster(self) -> str:
        return f"service-{self.service}"


def bootstrap(stack: str, folder: PurePath, admin: Json) -> Json:
    """What it starts with; everything else it reads from the files beside this one, and again when they change.

    `admin` is the address of its admin interface.
    """
    return {
        "node": {"id": stack, "cluster": "tenfold"},
        "admin": {"address": admin},
        "dynamic_resources": {
            "lds_config": source(folder, "listeners.json"),
            "cds_config": source(folder, "clusters.json"),
        },
        "stats_config": {
            "histogram_bucket_settings": [{"match": {"suffix": "upstream_rq_time"}, "buckets": _LATENCY_BOUNDS}]
        },
    }


# By default every second one is missing, and with it whether it took 260 ms or 490.
_LATENCY_BOUNDS = [
    1, 2, 5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000, 30_000,
    60_000, 300_000, 1_800_000,
]  # fmt: skip


def clusters(folder: PurePath, rules: Iterable[RouteRule]) -> Json:
    """One for each service, whose endpoints are in a file of their own."""
    return response("config.cluster.v3.Cluster", [_cluster(folder, rule) for rule in rules])


def endpoints(rule: RouteRule) -> Json:
    """The endpoints of one service."""
    weights = _weights(rule)
    hosts = [_endpoint(each, "HEALTHY", weights.get(each)) for each in rule.endpoints]
    hosts += [_endpoint(each, "DRAINING") for each in rule.draining if each not in rule.endpoints]
    assignment = {"cluster_name": rule.cluster, "endpoints": [{"lb_endpoints": hosts}]}
    return response("config.endpoint.v3.ClusterLoadAssignment", [assignment])


def _weights(rule: RouteRule) -> dict[str, int]:
    """Whole numbers in the proportions that the percentages ask for; none where all are to get the same."""
    given = {each: rule.weights[each] for each in rule.endpoints if each in rule.weights}
    others = [each for each in rule.endpoints if each not in given]
    if not given or not others:
        return given
    rest = 100 - sum(given.values())
    return {each: percent * len(others) for each, percent in given.items()} | dict.fromkeys(others, rest)


def routes(name: str, rules: Iterable[RouteRule], version: str) -> Json:
    """Who gets a request: the most exact host, and there the longest path; a host's own rules before wider ones'."""
    ordered = sorted(rules, key=lambda rule: (-len(_stem(rule.path)), rule.service))
    hosts = sorted({rule.host for rule in ordered})
    virtual = [
        {
            "name": host,
            "domains": [host],
            "routes": [
                entry
                for wider in _from_exact_to_any(host, hosts)
                for rule in ordered
                if rule.host == wider
                for entry in _entries(rule)
            ],
        }
        for host in hosts
    ]
    # A browser asks for `host:port`; the rules name hosts.
    config = {"name": name, "virtual_hosts": virtual, "ignore_port_in_host_matching": True}
    return response("config.route.v3.RouteConfiguration", [config], version)


def _from_exact_to_any(host: str, hosts: Iterable[str]) -> list[str]:
    """The hosts whose rules hold for this one, itself first."""

    def covers(wide: str) -> bool:
        return wide in (host, "*") or (wide.startswith("*.") and host.endswith(wide[1:]))

    return sorted(filter(covers, hosts), key=lambda wide: (wide != host, wide == "*", -len(wide)))


def _entries(rule: RouteRule) -> list[Json]:
    """Requests that may be sent twice are tried again after any reset; the others only if nothing was read yet."""
    stem = _stem(rule.path)
    match: Json = {"prefix": "/"} if not stem else {"path_separated_prefix": stem}
    if "?" in stem or "#" in stem:
        match = {"prefix": rule.path}
    method = {"name": ":method", "string_match": {"safe_regex": {"regex": _SAFE_METHODS}}}
    return [
        {"match": match | {"headers": [method]}, "route": _action(rule, "reset")},
        {"match": match, "route": _action(rule, "reset-before-request")},
    ]


def _stem(path: str) -> str:
    """`/api/` and `/api` alike cover `/api` and what is below it, and not `/apix`."""
    return path.rstrip("/")


def _action(rule: RouteRule, reset: str) -> Json:
    return {
        "cluster": rule.cluster,
        # The default cuts every answer off after 15 s; silence is still cut off after 5 minutes.
        "timeout": "0s",
        "retry_policy": {
            "retry_on": f"connect-failure,refused-stream,{reset}",
            "num_retries": 3,
            "retry_host_predicate": [typed("envoy.retry_host_predicates.previous_hosts", _PREVIOUS_HOSTS)],
            # Least-request prefers a dead server, which has none: 5 picks find another too seldom.
            "host_selection_retry_max_attempts": 50,
        },
    }


_PREVIOUS_HOSTS = "extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"


def _cluster(folder: PurePath, rule: RouteRule) -> Json:
    many = 100_000
    thresholds = {f"max_{what}": many for what in ("connections", "pending_requests", "requests", "retries")}
    return {
        "name": rule.cluster,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": source(folder, f"endpoints-{rule.service}.json")},
        "connect_timeout": "1s",
        "lb_policy": "LEAST_REQUEST",
        # Where endpoints have weights it would divide these by the requests in flight: 10 % become 20. With a bias of 0
        # they are the shares, and endpoints without weights still get their requests by what is in flight.
        "least_request_lb_config": {"active_request_bias": {"default_value": 0.0, "runtime_key": "tenfold.bias"}},
        # By default, with half of the servers down, all get requests, dead ones included.
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "ignore_health_on_host_removal": True,
        "health_checks": [_health_check(rule.health)],
        "outlier_detection": _OUTLIER_DETECTION,
        # By default only 3 requests may be retried at a time.
        "circuit_breakers": {"thresholds": [thresholds]},
    }


def _health_check(path: str) -> Json:
    return {
        "timeout": "2s",
        "interval": "1s",
        # By default a server without traffic is asked once a minute.
        "no_traffic_interval": "1s",
        # One that is back is used again soon.
        "unhealthy_interval": "0.25s",
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "http_health_check": {"path": path, "host": "127.0.0.1"},
    }


_OUTLIER_DETECTION: Json = {
    # Only that a server cannot be reached counts; what it answers is its own affair.
    "split_external_local_origin_errors": True,
    "consecutive_local_origin_failure": 2,
    "enforcing_consecutive_local_origin_failure": 100,
    "enforcing_local_origin_success_rate": 0,
    "enforcing_consecutive_5xx": 0,
    "enforcing_consecutive_gateway_failure": 0,
    "enforcing_success_rate": 0,
    "interval": "1s",
    "base_ejection_time": "1s",
    "max_ejection_time": "5s",
    # Never the only one.
    "max_ejection_percent": 50,
}


def _endpoint(address: str, status: str, weight: int | None = None) -> Json:
    host, _, port = address.rpartition(":")
    socket_address = {"address": host, "port_value": int(port)}
    weighted = {"load_balancing_weight": weight} if weight is not None else {}
    return {"endpoint": {"address": {"socket_address": socket_address}}, "health_status": status, **weighted}
