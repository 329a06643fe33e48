"""The kind `job`: a service's own program, once to its end."""

from dataclasses import replace

from infra_specs.resources.resource import Resource
from tasks.providers.local.kinds.program import port_of, program
from tasks.providers.local.stack_folder import StackFolder
from tasks.supervisor.process import Process


def job(stack_folder: StackFolder, resource: Resource, incarnation: int) -> Process:
    """What runs it. Where replicas are given a port it is too: some programs do not even start without one."""
    port = port_of(stack_folder, resource, incarnation) if resource.settings["port"] else None
    return replace(program(stack_folder, resource, incarnation, port, {}), once=True)
