"""Observe a stack with redacted health reasons: an app or an engine may have written a secret into them."""

from dataclasses import replace

from infra_specs.app_text.shown import shown_message
from infra_specs.resources.instance import Instance
from tasks.ledger import Ledger
from tasks.providers.seam.provider import KindProvider


def observed(provider: KindProvider, ledger: Ledger, stack: str) -> tuple[Instance, ...]:
    """All instances of the stack on its target. Their health reasons hold no secret of it, and are bounded."""
    return tuple(_fit_to_show(ledger, instance) for instance in provider.observe(stack))


def _fit_to_show(ledger: Ledger, instance: Instance) -> Instance:
    health = instance.health
    if health.state == "healthy":
        return instance
    reason = shown_message(ledger.secrets.redacted(instance.stack, health.reason))
    return replace(instance, health=replace(health, reason=reason))
