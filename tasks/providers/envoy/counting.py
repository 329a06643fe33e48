"""What the proxy counted, from two answers of its admin interface: its clusters, and some of its numbers."""

import json
import re
from collections import defaultdict
from typing import Any
from urllib.parse import quote

from tasks.providers.envoy.admin_state import CLUSTERS_PATH, upstream_of
from tasks.providers.seam.traffic import Counted, Traffic

_PREFIX = "service-"
_ATTEMPT_COUNTERS = (
    "upstream_rq_total",
    "upstream_rq_pending_active",
    "upstream_rq_pending_failure_eject",
    "upstream_rq_pending_overflow",
    "upstream_rq_cancelled",
    "upstream_cx_none_healthy",
)
"""Each try of a request is in one: sent, or waiting for a connection, which then failed, or was one too many, or nobody
waits for it any more; or there was no replica to try. So each request is in them once, and once more for each retry."""
_NAMES = f"{'|'.join(_ATTEMPT_COUNTERS)}|upstream_rq_(retry|active|5xx|time)"
_FILTER = rf"^(server\.uptime|cluster\.{_PREFIX}.+\.({_NAMES}))$"
NUMBERS_PATH = f"/stats/prometheus?filter={quote(_FILTER)}"
COUNTING_PATHS = (CLUSTERS_PATH, NUMBERS_PATH)
"""What is asked, in one go; `traffic_of` understands the answers."""

_LINE = re.compile(r"^envoy_(?P<name>\w+)\{(?P<labels>.*)\} (?P<value>\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_Numbers = dict[str, dict[str, float]]


def traffic_of(clusters: bytes | None, numbers: bytes | None) -> dict[str, Traffic]:
    """By service; nothing unless both answers can be read."""
    replicas = _replicas(clusters)
    if replicas is None or numbers is None:
        return {}
    found, latencies = _read(numbers)
    running = found[""].get("server_uptime", 0.0)
    return {
        cluster.removeprefix(_PREFIX): _traffic(found[cluster], latencies[cluster], running, counted)
        for cluster, counted in replicas.items()
        if "upstream_rq_total" in found[cluster]
    }


def _traffic(
    numbers: dict[str, float], latencies: dict[float, int], running: float, replicas: dict[str, Counted]
) -> Traffic:
    def count(name: str) -> int:
        return int(numbers.get(name, 0))

    return Traffic(
        # A retry is counted a moment before its try: with many under way it may be a little lower than it was.
        requests=max(0, sum(map(count, _ATTEMPT_COUNTERS)) - count("upstream_rq_retry")),
        errors=count("upstream_rq_xx"),
        in_flight=count("upstream_rq_active") + count("upstream_rq_pending_active"),
        answered=count("upstream_rq_time_count"),
        seconds=numbers.get("upstream_rq_time_sum", 0.0) / 1000,
        running=running,
        latencies=latencies,
        replicas=replicas,
    )


def _read(numbers: bytes) -> tuple[_Numbers, dict[str, dict[float, int]]]:
    """Numbers and latencies by cluster, those of the proxy itself under the empty name."""
    numbers_read: _Numbers = defaultdict(dict)
    latencies: dict[str, dict[float, int]] = defaultdict(dict)
    for line in _LINE.finditer(numbers.decode()):
        labels, value = dict(_LABEL.findall(line["labels"])), float(line["value"])
        cluster, name = labels.get("envoy_cluster_name", ""), line["name"].removeprefix("cluster_")
        if "le" not in labels:
            numbers_read[cluster][name] = value
        elif labels["le"] != "+Inf":
            latencies[cluster][float(labels["le"]) / 1000] = int(value)
    return numbers_read, latencies


def _replicas(clusters: bytes | None) -> dict[str, dict[str, Counted]] | None:
    try:
        statuses = json.loads(clusters or b"")["cluster_statuses"]
    except (ValueError, KeyError):
        return None
    return {
        status["name"]: dict(_counted(status["name"], host) for host in status.get("host_statuses", []))
        for status in statuses
        if status["name"].startswith(_PREFIX)
    }


def _counted(cluster: str, host: dict[str, Any]) -> tuple[str, Counted]:
    seen = upstream_of(cluster, host)
    stats = {stat["name"]: int(stat.get("value", 0)) for stat in host.get("stats", [])}
    counts = Counted(stats.get("rq_total", 0), stats.get("rq_error", 0), seen.in_flight, seen.healthy)
    return seen.endpoint, counts
