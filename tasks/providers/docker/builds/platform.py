"""The arguments that every builder gives of the platform. No build here is for another platform than the engine's."""

import re

_ARM = re.compile(r"armv([5-8])")


def platform_args(system: str, architecture: str, machine: str) -> dict[str, str]:
    """TARGETPLATFORM and its like, of an engine's system and architecture (`linux`, `amd64`).

    `machine` is what its kernel calls itself: it tells the kinds of 32-bit ARM apart.
    """
    variant = f"v{arm[1]}" if architecture == "arm" and (arm := _ARM.match(machine)) else ""
    variant = "v7" if variant == "v8" or (architecture == "arm" and not variant) else variant
    parts = {
        "PLATFORM": "/".join(part for part in (system, architecture, variant) if part),
        "OS": system,
        "ARCH": architecture,
        "VARIANT": variant,
    }
    return {f"{side}{name}": value for side in ("BUILD", "TARGET") for name, value in parts.items()}
