"""What a resource is called on its target, which has an alphabet and a length of its own for names."""

import hashlib
import re
from dataclasses import dataclass

from infra_specs.resources.address import Address

_DIGITS = 12
_NUMBER = re.compile(r"[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class NameRule:
    """Which names a target takes. `pattern` fits a whole name; `separator` stands between its words.

    `hash_sign` stands before the digits of a name that could not be written in full. The pattern must allow small
    letters and digits in any order after the prefix, and the two signs between them.
    """

    pattern: re.Pattern[str]
    length: int
    separator: str
    hash_sign: str
    prefix: str


DOCKER = NameRule(re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+"), 1000, ".", "_", "tenfold")
"""Containers, volumes and networks of a Docker Engine."""
SWARM = NameRule(re.compile(r"[a-z0-9](?:[-_]*[a-z0-9])*"), 63, "_", "__", "tenfold")
"""Services, secrets and configs of a Swarm: each name is a name in DNS, so it takes no dots."""
LOAD_BALANCER = NameRule(re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"), 32, "-", "-", "tf")
"""Load balancers and target groups of AWS. None may begin with `internal-`, which the prefix sees to."""
ELASTICACHE = NameRule(re.compile(r"[a-z](?:-?[a-z0-9])*"), 40, "-", "-", "tf")
"""Caches of AWS: a letter first, and never two hyphens in a row."""
RDS = NameRule(re.compile(r"[a-z](?:-?[a-z0-9])*"), 63, "-", "-", "tf")
"""Databases of AWS: as for its caches, and longer."""


def target_name(stack: str, address: str, incarnation: int | None, rule: NameRule) -> str:
    """The name of a resource, or of one incarnation of it: `tenfold.shop.replica.web-0.1`.

    Never the same for two of them, whatever their stacks are called. A name that the rule does not take, that is too
    long, or that could be read as another one's, is shortened and ends in 12 digits of a hash.
    Raises ValueError for what is no address.
    """
    words = (rule.prefix, stack, Address.parse(address).joined(rule.separator))
    number = () if incarnation is None else (str(incarnation),)
    name = rule.separator.join((*words, *number))
    if _fits(name, rule) and _read_back(name, rule) == (stack, address, incarnation):
        return name
    digits = hashlib.sha256("\0".join((stack, address, *number)).encode()).hexdigest()[:_DIGITS]
    return f"{_spelled(name, rule)}{rule.hash_sign}{digits}"


def _fits(name: str, rule: NameRule) -> bool:
    """Whether the target takes it, and nobody takes it for a name that ends in a hash."""
    hashed = re.search(rf"{re.escape(rule.hash_sign)}[0-9a-f]{{{_DIGITS}}}$", name)
    return len(name) <= rule.length and rule.pattern.fullmatch(name) is not None and not hashed


def _read_back(name: str, rule: NameRule) -> tuple[str, str, int | None] | None:
    """Stack, address and incarnation of a name; None if it tells none. What is read back is the name of nothing else.

    The stack is one word, and so is the kind. A number at the end is the incarnation.
    """
    words = name.split(rule.separator)[1:]
    incarnation = int(words.pop()) if len(words) > 3 and _NUMBER.fullmatch(words[-1]) else None
    if len(words) < 3:
        return None
    stack, kind, *rest = words
    return stack, f"{kind}/{rule.separator.join(rest)}", incarnation


def _spelled(name: str, rule: NameRule) -> str:
    """As much of a name as fits before the hash, in letters, digits and single hyphens."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower())
    return plain[: rule.length - len(rule.hash_sign) - _DIGITS].rstrip("-")
