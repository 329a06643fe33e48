"""The resources of a stack as a price needs them: no price depends on the value or the version of a secret."""

from collections.abc import Mapping

from infra_specs.catalogue.desired import desired_state, generated_secrets
from infra_specs.resources.resource import Resource
from infra_specs.sizing.size import Sizing
from infra_specs.stackfile.models.secrets import named_secrets
from infra_specs.stackfile.models.stack import Stack


def priced_state(stack: Stack, sizing: Sizing, counts: Mapping[str, int]) -> tuple[Resource, ...]:
    """Everything that a stack would have with these counts."""
    secrets = dict.fromkeys((*named_secrets(stack), *generated_secrets(stack)), 1)
    return desired_state(stack, sizing, counts=counts, secrets=secrets, source="/")
