"""Requests that never were: what users ask of a stack on the memory target, as a test sets it or a person writes it.

`load/STACK.json` says `{"web": {"requests_per_second": 50, "latency": 0.2}}`. When a person changes it, counting begins
anew, as it does when a proxy is started again.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from infra_specs.errors import ProviderError
from infra_specs.resources.address import Address
from infra_specs.resources.instance import Instance
from infra_specs.resources.services import service_of, serving_endpoints
from tasks.base.clock import now
from tasks.providers.base import Counted, Traffic


@dataclass(frozen=True, slots=True)
class Load:
    """What users ask of one service, and what was counted when they began to ask it, at `since`."""

    requests_per_second: float = 0.0
    latency: float = 0.0
    """Seconds that each request takes."""
    failing: float = 0.0
    """The part of them that fails, 0 to 1."""
    waiting: int = 0
    """Requests under way besides, as those that a slow service has not answered yet."""
    since: float | None = None
    """Seconds since the epoch; when the file was changed last, unless given."""
    requests: float = 0.0
    errors: float = 0.0
    seconds: float = 0.0
    running: float = 0.0

    def until(self, at: float) -> "Load":
        """The same load with what is counted at that moment."""
        passed = max(0.0, at - (at if self.since is None else self.since))
        more = passed * self.requests_per_second
        return replace(
            self,
            since=at,
            requests=self.requests + more,
            errors=self.errors + more * self.failing,
            seconds=self.seconds + more * self.latency,
            running=self.running + passed,
        )


_LOAD_FILE = TypeAdapter(dict[str, Load])


class Loads:
    """The loads of every stack, a file each."""

    def __init__(self, home: Path) -> None:
        self._home = home / "load"

    def counted(self, stack: str, instances: Iterable[Instance]) -> dict[str, Traffic]:
        """What a proxy would have counted by now, for every service that has a route and a load."""
        stack_instances, loads, at = tuple(instances), self._read(stack), now()
        routed = {Address.parse(instance.address).name for instance in stack_instances if instance.kind == "route"}
        return {
            name: _traffic(loads[name].until(at), _serving(stack_instances, name))
            for name in sorted(routed & loads.keys())
        }

    def put(self, stack: str, service: str, load: Load) -> None:
        """From now on users ask this; what was counted so far stays."""
        loads, at = self._read(stack), now()
        counted_before = loads.get(service, Load()).until(at)
        counts = {name: getattr(counted_before, name) for name in ("since", "requests", "errors", "seconds", "running")}
        loads[service] = replace(load, **counts)
        self._home.mkdir(exist_ok=True, mode=0o700)
        written = self._home / f"{stack}.new"
        written.write_text(json.dumps({name: asdict(entry) for name, entry in loads.items()}))
        written.replace(self._home / f"{stack}.json")

    def _read(self, stack: str) -> dict[str, Load]:
        path = self._home / f"{stack}.json"
        try:
            loads, changed = _LOAD_FILE.validate_json(path.read_bytes()), path.stat().st_mtime
        except FileNotFoundError:
            return {}
        except ValidationError as error:
            raise ProviderError(f"the file {path} is broken: {error.error_count()} faults. Remove it.") from error
        return {name: load if load.since is not None else replace(load, since=changed) for name, load in loads.items()}


def _serving(instances: tuple[Instance, ...], service: str) -> list[str]:
    copies = (instance for instance in instances if service_of(instance.address) == service)
    return [endpoint for instance in copies for endpoint in serving_endpoints(instance)]


def _traffic(load: Load, serving: list[str]) -> Traffic:
    requests, errors = int(load.requests), int(load.errors)
    in_flight = round(load.requests_per_second * load.latency) + load.waiting
    share = max(1, len(serving))
    share_of_each = Counted(requests // share, errors // share, in_flight // share, healthy=True)
    return Traffic(
        requests=requests,
        errors=errors,
        in_flight=in_flight,
        answered=requests,
        seconds=load.seconds,
        running=load.running,
        latencies={load.latency: requests},
        replicas=dict.fromkeys(serving, share_of_each),
    )
