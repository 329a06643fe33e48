"""What is kept as JSON and read back by this version or a later one."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any


def known(kind: type, data: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of stored data that a dataclass knows; what another version wrote beside them is left out."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in data.items() if name in names}
