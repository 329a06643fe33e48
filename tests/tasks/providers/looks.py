"""What tests ask of an opened provider."""

from collections.abc import Mapping

from infra_specs.resources.instance import Health, Instance
from tasks.providers.seam.provider import KindProvider
from tasks.providers.seam.traffic import Traffic


def health_of(provider: KindProvider, instance: Instance) -> Health:
    """How it is now; failed if it is gone."""
    current = provider.look(instance)
    return current.health if current else Health("failed", "it is gone", instance.health.since)


def counts_of(provider: KindProvider, stack: str) -> Mapping[str, Traffic]:
    """What the only proxy of the stack counted, by service."""
    assert provider.traffic is not None
    counted = provider.traffic.counts(stack)
    assert all(len(proxies) == 1 for proxies in counted.values())
    return {service: counts for service, proxies in counted.items() for counts in proxies.values()}
