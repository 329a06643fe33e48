"""What things of a stack are called in the Swarm, and labels that only its hosts need."""

from collections.abc import Mapping

from infra_specs.resources.target_name import SWARM, target_name

MACHINE_LABEL = "tenfold.machine"
"""On the record of a volume: the host that it lies on."""


def service_name(stack: str, address: str, incarnation: int) -> str:
    """`tenfold_shop_replica_web-0_1`."""
    return target_name(stack, address, incarnation, SWARM)


def is_volume(labels: Mapping[str, str]) -> bool:
    """Whether a record is that of a volume."""
    return labels.get("tenfold.kind") == "volume"
