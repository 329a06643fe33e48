"""What the proxy is told, as plain data: a pure function of the routes.

While a replica is ready, others get nothing. While none is, all get requests, for each may only be busy; of these
`draining` ones are no part (`serving`), for the proxy does not ask in that mode what it knows of a server.

Each default that is overridden here was measured to lose requests or to send them to dead servers; see the comments.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from infra_specs.resources.patience import PROBE_TIMEOUT_SECONDS
from infra_specs.stackfile.models.health import INTERVAL_SECONDS
from infra_specs.stackfile.models.route import REQUEST_SECONDS
from tasks.providers.envoy.messages import KEEPALIVE, Json, response, source
from tasks.providers.envoy.sticky import Cookie

DRAINING = ("--drain-strategy", "immediate", "--drain-time-s", "86400")
"""Options that lead open connections over when a listener changes: each is closed after its next answer, and streams
and WebSockets have a day. By default it is done at random within 10 minutes, and whatever is open then is cut."""


@dataclass(frozen=True, slots=True)
class RouteRule:
    """One service behind the proxy. `draining` endpoints get no new requests but stay known.

    `weights`: endpoint -> the percentage of the requests that it gets; the others share the rest evenly. An app
    may take `request_seconds` to begin its answer, and be silent for `idle_seconds`. A `cookie` keeps browsers with a
    replica.
    """

    service: str
    host: str
    path: str
    public: bool
    health: str
    endpoints: tuple[str, ...]
    draining: tuple[str, ...] = ()
    weights: Mapping[str, int] = field(default_factory=dict)
    request_seconds: float = REQUEST_SECONDS
    idle_seconds: float | None = None
    cookie: Cookie | None = None
    interval: float = INTERVAL_SECONDS
    """Seconds between two probes of a server that is well."""
    files: bool = False
    """Whether it leads to the service's file server, which is asked for the rest of a path behind the route's."""

    @property
    def cluster(self) -> str:
        """What is counted of a service is that of its own cluster."""
        return f"files-{self.service}" if self.files else f"service-{self.service}"

    @property
    def endpoints_file(self) -> str:
        """The name of the file that has its endpoints. No service has a dot in its name."""
        return f"endpoints-{self.service}{'.files' if self.files else ''}.json"


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
    hosts = [_endpoint(endpoint, "HEALTHY", weights.get(endpoint)) | SERVING for endpoint in rule.endpoints]
    hosts += [_endpoint(endpoint, "DRAINING") for endpoint in rule.draining if endpoint not in rule.endpoints]
    assignment = {"cluster_name": rule.cluster, "endpoints": [{"lb_endpoints": hosts}]}
    return response("config.endpoint.v3.ClusterLoadAssignment", [assignment])


def _weights(rule: RouteRule) -> dict[str, int]:
    """Whole numbers in the proportions that the percentages ask for; none where all are to get the same."""
    given = {endpoint: rule.weights[endpoint] for endpoint in rule.endpoints if endpoint in rule.weights}
    others = [endpoint for endpoint in rule.endpoints if endpoint not in given]
    if not given or not others:
        return given
    rest = 100 - sum(given.values())
    return {endpoint: percent * len(others) for endpoint, percent in given.items()} | dict.fromkeys(others, rest)


def _cluster(folder: PurePath, rule: RouteRule) -> Json:
    many = 100_000
    thresholds = {f"max_{what}": many for what in ("connections", "pending_requests", "requests", "retries")}
    return {
        "name": rule.cluster,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": source(folder, rule.endpoints_file)},
        "connect_timeout": "1s",
        "upstream_connection_options": {"tcp_keepalive": KEEPALIVE},
        "lb_policy": "LEAST_REQUEST",
        # Where endpoints have weights it would divide these by the requests in flight: 10 % become 20. With a bias of 0
        # they are the shares, and endpoints without weights still get their requests by what is in flight.
        "least_request_lb_config": {"active_request_bias": {"default_value": 0.0, "runtime_key": "tenfold.bias"}},
        # By default, with half of the servers down, all get requests, dead ones included. The least is one percent.
        "common_lb_config": {"healthy_panic_threshold": {"value": 1}},
        "lb_subset_config": _ONLY_SERVING,
        "ignore_health_on_host_removal": True,
        "health_checks": [_health_check(rule)],
        "outlier_detection": _OUTLIER_DETECTION,
        # By default only 3 requests may be retried at a time.
        "circuit_breakers": {"thresholds": [thresholds]},
    }


SERVING: Json = {"metadata": {"filter_metadata": {"envoy.lb": {"serving": "yes"}}}}
"""What an endpoint says of itself if it gets new requests."""
_ONLY_SERVING: Json = {
    "fallback_policy": "DEFAULT_SUBSET",
    "default_subset": {"serving": "yes"},
    "subset_selectors": [{"keys": ["serving"]}],
}
"""Whoever asks gets a server of this part; the others are known, so that what is under way in them is counted."""


def _health_check(rule: RouteRule) -> Json:
    return {
        "timeout": f"{PROBE_TIMEOUT_SECONDS:g}s",
        "interval": f"{rule.interval:g}s",
        # By default a server without traffic is asked once a minute.
        "no_traffic_interval": f"{rule.interval:g}s",
        # One that is back is used again soon.
        "unhealthy_interval": "0.25s",
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "http_health_check": {"path": rule.health, "host": "127.0.0.1"},
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
