"""Whether a successor starts before its predecessor goes, or after."""

from typing import Literal

from infra_specs.resources.address import Address
from infra_specs.resources.resource import Ref, Resource, references

Order = Literal["start_first", "stop_first"]


def replacement_order(successor: Resource) -> tuple[Order, str]:
    """How a resource takes its predecessor's place, and why. The rules, the first that fits:

    1. it can stand beside it: it starts first, so that not one request is lost;
    2. it writes to a volume, which two must not do at once: it starts when the old one has gone;
    3. it holds something else that there is once, as a proxy its ports: the same.
    """
    if not successor.singleton:
        return "start_first", "serves before the old one goes"
    refs = (ref for ref in references(successor.settings) if isinstance(ref, Ref))
    if any(Address.parse(ref.address).kind == "volume" for ref in refs):
        return "stop_first", "goes first: two must not write to one volume"
    if successor.kind == "proxy":
        return "stop_first", "goes first: two cannot have its ports, so nobody answers for some seconds"
    return "stop_first", "goes first: the two cannot run at once"
