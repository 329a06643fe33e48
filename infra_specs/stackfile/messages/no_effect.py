"""Keys of a spec that are sound, and do nothing as the rest of it stands: nobody shall believe that they hold."""

from collections.abc import Iterator

from infra_specs.stackfile.models.metrics import Signal
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.stack import Stack

_CONTAINERS = "Use a target that runs containers, such as docker, or leave it out."
_MEASURED_BY_QUERY: tuple[Signal, ...] = ("cpu", "queue")
"""What no proxy counts."""
_MEASURED_BY_THE_PROXY: tuple[Signal, ...] = ("latency", "requests_per_second")
"""What the proxy counts of a service with a port."""


def settings_without_effect(stack: Stack) -> tuple[str, ...]:
    """A sentence for each such key, in the file's order: where it is, why it does nothing, and what to do."""
    of_services = (
        f"services.{name}.{sentence}"
        for name, service in stack.services.items()
        for sentence in (*(_on_local(service) if stack.target.runs == "processes" else ()), *_without_port(service),
                     *_unmeasured(name, service))
    )  # fmt: skip
    return (*of_services, *_without_proxy(stack))


def _without_proxy(stack: Stack) -> Iterator[str]:
    if any(service.port is not None for service in stack.services.values()):
        return
    for key in ("trust_proxies", "timeouts"):
        if getattr(stack, key) != Stack.model_fields[key].default:
            yield f"{key} does nothing where no service has a port: there is no proxy. Give one a port, or remove it."


def _on_local(service: Service) -> Iterator[str]:
    if service.memory is not None:
        yield f"memory bounds no process on the local target; only the scaler reckons with it. {_CONTAINERS}"
    if service.cpus is not None:
        yield f"cpus does nothing on the local target, which bounds no process. {_CONTAINERS}"
    if service.build is not None:
        yield f"build does nothing on the local target, which runs the command in a copy of its folder. {_CONTAINERS}"
    if service.secrets == "files":
        yield f"secrets: files does nothing on the local target, which gives secrets as variables. {_CONTAINERS}"


def _without_port(service: Service) -> Iterator[str]:
    if service.port is not None:
        return
    queried = service.scaling.metrics is not None and service.scaling.metrics.in_flight is not None
    for key in ("capacity", "share", "route"):
        usual = Service.model_fields[key].default
        if getattr(service, key) != usual and not (key == "capacity" and queried):
            yield f"{key} does nothing without a port: a worker gets no request. Give it a port, or leave {key} out."


def _unmeasured(name: str, service: Service) -> Iterator[str]:
    scaling = service.scaling
    queries = scaling.metrics.queries if scaling.metrics else {}
    signals = _MEASURED_BY_QUERY if service.port is not None else (*_MEASURED_BY_QUERY, *_MEASURED_BY_THE_PROXY)
    for signal in signals:
        if getattr(scaling, signal) is not None and signal not in queries:
            yield (
                f"scaling.{signal} does nothing, for nothing measures it. Give "
                f"services.{name}.scaling.metrics.{signal} a query, or leave it out."
            )
