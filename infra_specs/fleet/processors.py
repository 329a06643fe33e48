"""Whether an image's programs run on a host's processor, by the names that engines have for both."""

from collections.abc import Mapping

_RUNS: Mapping[str, tuple[str, ...]] = {
    "x86_64": ("amd64", "386"),
    "aarch64": ("arm64", "arm"),
    "armv7l": ("arm",),
    "armv6l": ("arm",),
    "i686": ("386",),
}
"""What images are built for that each machine runs, by what the kernel calls it."""


def runs_on(machine: str, image: str) -> bool:
    """Whether a machine runs an image that is built for this. A machine that is called otherwise here is let be."""
    return not image or machine not in _RUNS or image in _RUNS[machine]


def other_processors(name: str, image: str, machines: Mapping[str, str]) -> str:
    """Why an image cannot run on all of these hosts, and what to do; empty if it can. `machines`: by host."""
    others = [f"{host} ({machine})" for host, machine in machines.items() if not runs_on(machine, image)]
    if not others:
        return ""
    have = "has another processor" if len(others) == 1 else "have other processors"
    return (
        f"{name} is built for {image}, and {', '.join(others)} {have}. All hosts of a fleet run the same images: take "
        "one that fits them all, or take these hosts out of the list."
    )
