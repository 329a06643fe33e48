"""Why something is not well may be an app's or an engine's own words: they are taken in here, without secrets."""

from dataclasses import replace

from infra_specs.resources.instance import Instance
from tasks.ledger import Ledger
from tasks.providers.base import Provider


def observed(provider: Provider, ledger: Ledger, stack: str) -> tuple[Instance, ...]:
    """Everything of the stack on its target, no secret of the stack in any reason."""
    return tuple(_without_secrets(ledger, instance) for instance in provider.observe(stack))


def _without_secrets(ledger: Ledger, instance: Instance) -> Instance:
    health = instance.health
    if health.state == "healthy":
        return instance
    return replace(instance, health=replace(health, reason=ledger.redacted(instance.stack, health.reason)))
