"""The steps of a walk: verbs, and changes of the stack's file between them. Equal seeds give equal steps."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

STACK = "walk"
SHORTEST, LONGEST = 3, 8
"""Choices of one walk, each a step or a flight."""
NAMES = ("web", "api", "admin", "site")
PATHS = ("/", "/api", "/admin", "/site")
Verb = Literal["provision", "deploy", "rollback", "scale", "reconcile", "teardown", "edit"]
FLIGHT: tuple[Verb, ...] = ("edit", "provision", "rollback", "edit")
"""What a person does whose change of the file went wrong: back to what served, then another change."""
WEIGHTS: Mapping[Verb, int] = {
    "provision": 6, "edit": 6, "deploy": 4, "rollback": 5, "scale": 2, "reconcile": 1, "teardown": 1,
}  # fmt: skip
FLIGHTS = 0.25
"""The share of flights among the choices."""
FileData = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """A verb with its parameters. `edit` changes the file alone, and `file` is the file as it stands after the step."""

    verb: Verb
    file: FileData
    parameters: Mapping[str, Any] = field(default_factory=dict)
    what: str = ""

    def __str__(self) -> str:
        words = [self.verb, self.what, *(f"{name}={value}" for name, value in self.parameters.items())]
        return " ".join(word for word in words if word)


def steps_of(seed: int, *, needs: bool = True) -> tuple[Step, ...]:
    """The steps of this seed, after a first provision. `needs`: with a database and a cache in some files."""
    random = Random(seed)
    files = [_first_file(random, needs=needs)]
    return Step("provision", files[0]), *_steps(random, files, needs=needs)


def _steps(random: Random, files: list[FileData], *, needs: bool) -> Iterator[Step]:
    for _ in range(random.randint(SHORTEST, LONGEST)):
        chosen = random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        for verb in FLIGHT if random.random() < FLIGHTS else (chosen,):
            if verb == "edit":
                what, file = _edited(random, files, needs=needs)
                files.append(file)
                yield Step(verb, file, what=what)
            else:
                yield Step(verb, files[-1], _parameters(random, verb, files[-1]))


def _parameters(random: Random, verb: Verb, file: FileData) -> dict[str, Any]:
    service = random.choice([*file["services"], *file["services"], random.choice(NAMES)])
    match verb:
        case "deploy":
            return {"service": service, "env": {random.choice("AB"): random.choice(("deployed", "again"))}}
        case "rollback":
            return {"release": random.choice((0, 0, 0, 1, 2, 3))}
        case "scale":
            return {"service": service, "replicas": random.randint(1, 4)}
    return {}


def _first_file(random: Random, *, needs: bool) -> FileData:
    services = {name: _service(random, path) for name, path in zip(NAMES, PATHS, strict=True) if random.random() < 0.5}
    with_needs = {"database": "postgres"} if needs and random.random() < 0.5 else {}
    return {"services": services or {"web": _service(random, "/")}, "needs": with_needs}


def _service(random: Random, path: str) -> FileData:
    return {"path": path, "replicas": random.choice((1, 1, 2)), "env": {"A": random.choice(("1", "2"))}}


def _edited(random: Random, files: list[FileData], *, needs: bool) -> tuple[str, FileData]:
    """A change of the file that leaves it valid, in words, and the file after it."""
    file = deepcopy(files[-1])
    services = file["services"]
    name = random.choice(list(services))
    free_names = [other for other in NAMES if other not in services]
    free_paths = [path for path in PATHS if path not in {service.get("path") for service in services.values()}]
    edits = ["variable", "replicas", "swap", "volume", "back", "worker"]
    edits += ["rename", "rename", "add"] if free_names and free_paths else ["rename"] if free_names else []
    edits += ["path"] if free_paths else []
    edits += ["drop"] if len(services) > 1 else []
    edits += ["need", "need"] if needs else []
    edit = random.choice(edits)
    match edit:
        case "variable":
            services[name]["env"][random.choice("AB")] = random.choice("345")
        case "replicas":
            services[name].pop("volume", None)
            services[name]["replicas"] = random.randint(1, 3)
        case "swap":
            other = random.choice(list(services))
            pair = services[name], services[other]
            services[name], services[other] = pair[0] | _route(pair[1]), pair[1] | _route(pair[0])
        case "volume":
            services[name] |= {"replicas": 1, "volume": not services[name].get("volume", False)}
        case "back":
            return "back to an earlier file", deepcopy(random.choice(files))
        case "worker":
            services[name]["path"] = random.choice([None, *free_paths])
        case "rename":
            new = random.choice(free_names)
            file["services"] = {new if key == name else key: value for key, value in services.items()}
            return f"rename {name} to {new}", file
        case "add":
            services[random.choice(free_names)] = _service(random, random.choice(free_paths))
        case "path":
            services[name]["path"] = random.choice(free_paths)
        case "drop":
            del services[name]
        case "need":
            _change_need(random, file, services[name])
    return f"{edit} of {name}", file


def _route(service: FileData) -> FileData:
    return {"path": service["path"]}


def _change_need(random: Random, file: FileData, service: FileData) -> None:
    """Add a need, or remove it with every variable that names it."""
    need, kind, address = random.choice((("database", "postgres", "url"), ("cache", "valkey", "url")))
    if need in file["needs"]:
        del file["needs"][need]
        for other in file["services"].values():
            other["env"].pop(need.upper(), None)
    else:
        file["needs"][need] = kind
        service["env"][need.upper()] = {"from": f"{need}.{address}"}


def spec_of(file: FileData, target: Mapping[str, Any], command: str) -> dict[str, Any]:
    """The whole spec of a file, on a target whose services run this command."""
    services = {name: _service_spec(service, command) for name, service in file["services"].items()}
    return {"name": STACK, "target": dict(target), "services": services, "needs": dict(file["needs"])}


def _service_spec(service: FileData, command: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"command": command, "env": service["env"]}
    if service["path"] is not None:
        spec |= {"port": 80, "route": {"path": service["path"]}}
    if service.get("volume"):
        if service["path"] is not None:
            spec["route"]["static"] = {"path": f"/media{service['path']}", "volume": "data"}
        return spec | {"replicas": 1, "volumes": {"data": "/data"}}
    return spec | {"replicas": {"min": service["replicas"], "max": 4}}
