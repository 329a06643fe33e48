"""What things of a stack are called on AWS, where a name and no tag tells whose they are."""

import uuid

from infra_specs.resources.target_name import RDS, target_name

SECRETS = "tenfold/"
LOG_GROUPS = "/tenfold/"
ROLES = "/tenfold/"
"""How the names of secrets and log groups begin, and the paths of roles."""

MOST_INCARNATIONS = 100
"""So far incarnations are looked for whose names alone are known."""
_NAMESPACE = uuid.UUID("9c1fd2ad-6b0d-4a8e-9a52-0b7a7c3f7f10")


def secret_name(stack: str, address: str, incarnation: int) -> str:
    """The name of a secret: `tenfold/shop/secret/web-database-url/1`."""
    return f"{SECRETS}{stack}/{address}/{incarnation}"


def group_name(stack: str, address: str, incarnation: int) -> str:
    """The name of a log group."""
    return f"{LOG_GROUPS}{stack}/{address}/{incarnation}"


def cluster_name(stack: str) -> str:
    """The name of a stack's cluster: there is one, whichever networks there are."""
    return f"tenfold-{stack}"


def plain_name(stack: str, address: str, incarnation: int) -> str:
    """The name of anything that takes letters, digits and hyphens, at most 63."""
    return target_name(stack, address, incarnation, RDS)


def token(*words: object) -> str:
    """36 characters that are the same for the same words: what AWS knows a call by that it is sent again."""
    return str(uuid.uuid5(_NAMESPACE, " ".join(map(str, words))))
