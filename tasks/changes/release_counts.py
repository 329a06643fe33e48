"""What the proxies counted of each endpoint, for the watch of a release."""

from infra_specs.releases.canary import RequestCount
from infra_specs.releases.watch import Counts
from tasks.run.context import RunContext


def release_counts(context: RunContext) -> Counts:
    """Service -> endpoint -> answers and errors, of all proxies that answer; nothing where none counts requests."""
    if context.provider.traffic is None:
        return {}
    counted: dict[str, dict[str, RequestCount]] = {}
    for service, proxies in context.provider.traffic.counts(context.stack).items():
        endpoints = counted.setdefault(service, {})
        for traffic in proxies.values():
            for endpoint, seen in traffic.replicas.items():
                known = endpoints.get(endpoint, RequestCount(0, 0))
                answered = max(0, seen.requests - seen.in_flight)
                endpoints[endpoint] = RequestCount(known.requests + answered, known.errors + seen.errors)
    return counted
