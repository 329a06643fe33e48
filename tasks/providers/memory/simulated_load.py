"""Requests that never were: what users ask of a stack on the memory target, as a test sets it or a person writes it.

`load/STACK.json` says `{"web": {"requests_per_second": 50, "latency": 0.2}}`. When a person changes it, counting begins
anew, as it does when a proxy is started again. Several proxies share a load evenly; once something has happened to one
of them, the file says what each of them gets and has counted: `{"web@proxy/main-1": {...}}`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from infra_specs.errors import ProviderError
from infra_specs.resources.address import Address
from infra_specs.resources.instance import Instance
from infra_specs.resources.services import service_of, serving_endpoints
from tasks.base.atomic_write import replace_file
from tasks.base.clock import now
from tasks.providers.seam.traffic import Counted, Traffic


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
    inside: int | None = None
    """Of one proxy: whole requests under way, its share of all; else by rate and latency."""
    gone: bool = False
    """Of one proxy: it answers nobody, and serves nobody."""

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

    @property
    def under_way(self) -> int:
        """Requests inside now."""
        return round(self.requests_per_second * self.latency) + self.waiting if self.inside is None else self.inside

    def part(self, number: int, of: int) -> "Load":
        """What one of several gets of it; whole requests, so that the parts add up to it."""

        def share(whole: float) -> int:
            return int(whole) // of + (number < int(whole) % of)

        return replace(
            self,
            requests=share(self.requests),
            errors=share(self.errors),
            inside=share(self.under_way),
            requests_per_second=self.requests_per_second / of,
            seconds=self.seconds / of,
        )


Happening = Literal["gone", "restarted", "back"]
_LOAD_FILE = TypeAdapter(dict[str, Load])
_AT = "@"


class Loads:
    """The loads of every stack, a file each."""

    def __init__(self, home: Path, proxies: Sequence[str]) -> None:
        self._home, self._proxies = home / "load", proxies

    def counted(self, stack: str, instances: Iterable[Instance]) -> dict[str, dict[str, Traffic]]:
        """What each proxy would have counted by now, for every service that has a route and a load."""
        mine, at = tuple(instances), now()
        routed = {Address.parse(instance.address).name for instance in mine if instance.kind == "route"}
        counted: dict[str, dict[str, Traffic]] = {}
        for service, loads in self._by_service(stack).items():
            if service in routed:
                serving = _serving(mine, service)
                proxies = {name: _traffic(load.until(at), serving) for name, load in loads.items() if not load.gone}
                if proxies:
                    counted[service] = proxies
        return dict(sorted(counted.items()))

    def between(self, stack: str, begin: float, end: float) -> dict[str, tuple[Load, Load]]:
        """The whole load of each service with what was counted at two moments; what is not known of a moment is 0."""
        whole = {service: load for service, load in self._read(stack).items() if _AT not in service}
        return {service: (load.until(begin), load.until(end)) for service, load in whole.items()}

    def put(self, stack: str, service: str, load: Load) -> None:
        """From now on users ask this; what was counted so far stays."""
        file, at = self._read(stack), now()
        own = {name: file[f"{service}{_AT}{name}"] for name in self._proxies if f"{service}{_AT}{name}" in file}
        if not own:
            file[service] = _continued(load, file.get(service, Load()).until(at))
        alive = [name for name, proxy in own.items() if not proxy.gone]
        for number, name in enumerate(alive):
            file[f"{service}{_AT}{name}"] = _continued(load.part(number, len(alive)), own[name].until(at))
        self._write(stack, file)

    def happen(self, stack: str, proxy: str, what: Happening) -> None:
        """Something befalls one proxy, and the others that are well share what users ask from now on."""
        at, file = now(), dict[str, Load]()
        for service, loads in self._by_service(stack).items():
            counted = {name: load.until(at) for name, load in loads.items()}
            if what == "restarted":
                rate = {name: getattr(counted[proxy], name) for name in ("requests_per_second", "latency", "failing")}
                counted[proxy] = Load(**rate, since=at)
            counted[proxy] = replace(counted[proxy], gone=what == "gone")
            whole = sum(load.requests_per_second for load in counted.values())
            alive = sum(not load.gone for load in counted.values())
            for name, load in counted.items():
                rate_now = 0.0 if load.gone else whole / alive
                file[f"{service}{_AT}{name}"] = replace(load, requests_per_second=rate_now, inside=None)
        self._write(stack, file)

    def _by_service(self, stack: str) -> dict[str, dict[str, Load]]:
        """Service -> proxy -> what it gets and has counted."""
        services: dict[str, dict[str, Load]] = {}
        at, count = now(), len(self._proxies)
        for key, load in self._read(stack).items():
            service, _, proxy = key.partition(_AT)
            if proxy:
                services.setdefault(service, {})[proxy] = load
            elif count == 1:
                services[service] = {self._proxies[0]: load}
            else:
                settled = load.until(at)
                services[service] = {name: settled.part(number, count) for number, name in enumerate(self._proxies)}
        return services

    def _read(self, stack: str) -> dict[str, Load]:
        path = self._home / f"{stack}.json"
        try:
            loads, changed = _LOAD_FILE.validate_json(path.read_bytes()), path.stat().st_mtime
        except FileNotFoundError:
            return {}
        except ValidationError as error:
            raise ProviderError(f"the file {path} is broken: {error.error_count()} faults. Remove it.") from error
        return {name: replace(load, since=changed) if load.since is None else load for name, load in loads.items()}

    def _write(self, stack: str, loads: Mapping[str, Load]) -> None:
        self._home.mkdir(exist_ok=True, mode=0o700)
        plain = {name: asdict(load) for name, load in loads.items()}
        replace_file(self._home / f"{stack}.json", json.dumps(plain).encode())


def _continued(load: Load, so_far: Load) -> Load:
    """The load from now on, with what was counted until now."""
    counts = {name: getattr(so_far, name) for name in ("since", "requests", "errors", "seconds", "running", "gone")}
    return replace(load, **counts)


def _serving(instances: tuple[Instance, ...], service: str) -> list[str]:
    """The endpoint of each copy of a service that serves."""
    copies = (instance for instance in instances if service_of(instance.address) == service)
    return [endpoint for instance in copies for endpoint in serving_endpoints(instance) if endpoint]


def _traffic(load: Load, serving: list[str]) -> Traffic:
    requests, errors = int(load.requests), int(load.errors)
    in_flight = load.under_way
    share = max(1, len(serving))
    counted = Counted(requests // share, errors // share, in_flight // share, healthy=True)
    return Traffic(
        requests=requests,
        errors=errors,
        in_flight=in_flight,
        answered=requests,
        seconds=load.seconds,
        running=load.running,
        latencies={load.latency: requests},
        replicas=dict.fromkeys(serving, counted),
    )
