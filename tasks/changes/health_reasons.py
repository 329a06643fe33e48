"""Observe a stack with redacted health reasons: an app or an engine may have written a secret into them."""

from dataclasses import replace

from infra_specs.resources.instance import Instance
from tasks.ledger import Ledger
from tasks.providers.seam.provider import KindProvider


def observed(provider: KindProvider, ledger: Ledger, stack: str) -> tuple[Instance, ...]:
    """All instances of the stack on its target. Their health reasons contain no secret of the stack."""
    return tuple(_without_secrets(ledger, instance) for instance in provider.observe(stack))


def _without_secrets(ledger: Ledger, instance: Instance) -> Instance:
    health = instance.health
    if health.state == "healthy":
        return instance
    return replace(instance, health=replace(health, reason=ledger.secrets.redacted(instance.stack, health.reason)))
