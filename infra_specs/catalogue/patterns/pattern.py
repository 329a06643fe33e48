"""What a pattern is, and which one a target has."""

from collections.abc import Mapping
from typing import Protocol

from infra_specs.catalogue.context import Context
from infra_specs.catalogue.patterns import container, managed, process
from infra_specs.resources.resource import Resource, Setting
from infra_specs.sizing.files import FilesSize
from infra_specs.sizing.needs import CacheSize, DatabaseSize
from infra_specs.sizing.queue import QueueSize
from infra_specs.stackfile.models.route import StaticFiles
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.target import Aws, Runs, Target


class Pattern(Protocol):
    """A module with these functions. All are pure, and equal inputs give equal resources."""

    def foundation(self, context: Context, /) -> tuple[Resource, ...]: ...
    def database(self, context: Context, size: DatabaseSize) -> tuple[Resource, ...]: ...
    def cache(self, context: Context, size: CacheSize) -> tuple[Resource, ...]: ...
    def queue(self, context: Context, size: QueueSize, /) -> tuple[Resource, ...]: ...
    def service(self, context: Context, name: str, spec: Service, count: int) -> tuple[Resource, ...]: ...
    def program(self, context: Context, name: str, spec: Service) -> dict[str, Setting]: ...
    def files(self, context: Context, name: str, static: StaticFiles, size: FilesSize, /) -> dict[str, Setting]: ...
    def proxy(self, context: Context) -> Resource: ...


_PATTERNS: Mapping[Runs, Pattern] = {"processes": process, "containers": container, "managed": process}
"""The memory target is pretended, and takes what a process would."""


def pattern_of(target: Target) -> Pattern:
    """How needs and services become resources on this target."""
    return managed if isinstance(target, Aws) else _PATTERNS[target.runs]
