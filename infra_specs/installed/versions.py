"""Packages whose versions differ from those that Tenfold was tested with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

NAMES_THAT_BREAK = {
    "fastapi": "the control plane does not start",
    "sqlalchemy": "the control plane starts, looks healthy, and never makes a scheduled run",
}
"""What happens with a version that is not allowed, where it was seen."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One package: its locked version, the installed one, empty if there is none, and what a wrong one breaks."""

    package: str
    locked: str
    installed: str
    breaks: str
    """Empty if the version is allowed, only not the tested one."""

    def __str__(self) -> str:
        here = self.installed or "missing"
        return f"{self.package} is {here}, tested is {self.locked}" + (f": {self.breaks}" if self.breaks else "")


def differences(lock: str, required: list[str], installed: Mapping[str, str]) -> tuple[Difference, ...]:
    """All packages of the lock whose installed version is another, those that break something first.

    `required` are the requirements of our own metadata. `installed` has the version of each package by its
    canonical name. What the lock has for other platforms is left out, and so is what is missing and was not asked for:
    the lock has the tools that build a checkout, too.
    """
    needs = [requirement for requirement in map(Requirement, required) if applies(requirement)]
    bounds: dict[str, Requirement] = {canonicalize_name(requirement.name): requirement for requirement in needs}
    unlike = (
        Difference(name, locked, installed.get(name, ""), _breaks(name, bounds.get(name), installed.get(name, "")))
        for name, locked in locked_versions(lock)
        if installed.get(name) != locked and (name in installed or name in bounds)
    )
    return tuple(sorted(unlike, key=lambda difference: (not difference.breaks, difference.package)))


def locked_versions(lock: str) -> Iterator[tuple[str, str]]:
    """Each package of a lock that this platform needs, with its version."""
    for line in lock.splitlines():
        if line[:1].isalnum():
            requirement = Requirement(line.rstrip("\\ "))
            if applies(requirement):
                yield canonicalize_name(requirement.name), next(iter(requirement.specifier)).version


def applies(requirement: Requirement) -> bool:
    """Whether this platform needs it, with no extra asked for."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def _breaks(name: str, bound: Requirement | None, installed: str) -> str:
    if not installed:
        return "what needs it does not start"
    if bound is None or bound.specifier.contains(Version(installed), prereleases=True):
        return ""
    return NAMES_THAT_BREAK.get(name, f"Tenfold needs {bound.specifier}")
