"""The kind `replica`: a service's own program, as one of its copies."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra_specs.catalogue.ready_seconds import start_note
from infra_specs.resources.patience import PROBE_MISSES, PROBE_TIMEOUT_SECONDS, Patience
from infra_specs.resources.resource import Resource
from infra_specs.stackfile.models.health import INTERVAL_SECONDS
from tasks.providers.local.accounts.identity import give_volume
from tasks.providers.local.kinds.program import port_of, program
from tasks.providers.local.kinds.volume import volumes
from tasks.providers.local.stack_folder import StackFolder
from tasks.supervisor.process import Probe, Process


def replica(stack_folder: StackFolder, resource: Resource, incarnation: int) -> Process:
    """What runs it: with a free port in PORT if it serves."""
    settings: Any = resource.settings
    port = port_of(stack_folder, resource, incarnation) if settings["serves"] else None
    process = program(stack_folder, resource, incarnation, port, {"endpoint": f"127.0.0.1:{port}"} if port else {})
    # Its predecessor has ended. Beside a job, or one of several replicas, another account may still write there.
    for volume in _volumes(stack_folder, settings["env"]) if resource.singleton else ():
        give_volume(stack_folder, volume)
    return replace(process, probe=_probe(resource, port)) if port else process


def _probe(resource: Resource, port: int) -> Probe:
    settings: Any = resource.settings
    patience = resource.patience or Patience()
    return Probe(
        "http",
        port=port,
        path=settings["health"],
        interval=settings.get("interval", INTERVAL_SECONDS),
        timeout=PROBE_TIMEOUT_SECONDS,
        threshold=PROBE_MISSES,
        may_be_busy=True,
        start_seconds=patience.start_seconds,
        start_note=start_note(settings["service"], patience),
    )


def _volumes(stack_folder: StackFolder, env: Mapping[str, Any]) -> Iterator[Path]:
    """The volumes whose folders its environment names."""
    volume_paths = {volume.outputs["path"] for volume in volumes(stack_folder)}
    return (Path(value) for value in env.values() if isinstance(value, str) and value in volume_paths)
