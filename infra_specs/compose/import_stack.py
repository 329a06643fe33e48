"""A whole Compose file as a draft of a stack file, and everything of it that is not carried over."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra_specs.compose.document import ComposeDocument, env_files_of, unset_fault
from infra_specs.compose.env_entries import led_elsewhere, secrets_apart
from infra_specs.compose.environment import EnvText
from infra_specs.compose.exported import as_exported, is_exported_proxy
from infra_specs.compose.faults import refuse_same_names
from infra_specs.compose.needs import Replaced, replaced_services
from infra_specs.compose.not_carried import OWN_NETWORK, NotCarried
from infra_specs.compose.one_offs import before_of, one_offs, waits_not_carried
from infra_specs.compose.ports import PublishedPort, published_ports, refuse_twins
from infra_specs.compose.routes import routes_of
from infra_specs.compose.servers import is_server, server_not_carried
from infra_specs.compose.service import service_keys
from infra_specs.compose.variables import Unset, env_file
from infra_specs.errors import SpecError
from infra_specs.projects.draft import Draft, DraftService, stack_name
from infra_specs.projects.folder import Guess

SECTIONS = {
    "networks": OWN_NETWORK,
    "secrets": ("a secret is kept by Tenfold", "write `env: {NAME: {secret: name}}` and `tenfold secret set`"),
    "configs": ("files are part of the image", "COPY them, or give the text as a variable in `env`"),
    "include": ("a stack file stands alone", "run `docker compose config` first, and import what it prints"),
    "models": ("no other program makes a part of a stack", "make it yourself, and give its address in `env`"),
}
COMMENTS = {
    "port": "where it listens in the container, on 0.0.0.0; PORT says it, too",
    "health": "answers 200 when a replica can take requests",
    "public": "beyond loopback, on the target's public_port",
}


@dataclass(frozen=True, slots=True)
class Imported:
    """The draft, and what the Compose file has beyond it."""

    draft: Draft
    not_carried: tuple[NotCarried, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    """The Compose file's services, by their names in the stack file."""


def import_compose(document: ComposeDocument, env_files: Mapping[str, str], profiles: Collection[str] = ()) -> Imported:
    """The draft. `env_files` are texts by path, as the file names them.

    Raises SpecError for two services that publish one port, an env file that is not there, and a file of which
    nothing is left.
    """
    given = {name: service for name, service in document.services.items() if not is_exported_proxy(service)}
    _refuse_profiles(document, profiles)
    chosen = {name: service for name, service in given.items() if _is_chosen(service, profiles)}
    lost = list(_left_out(document, chosen))
    ports = {name: published_ports(document.file, name, service) for name, service in chosen.items()}
    refuse_twins(document.file, ports)
    servers = {name for name, service in chosen.items() if is_server(service)}
    programs = {
        name: with_env_files(document.file, name, service, env_files)
        for name, service in chosen.items()
        if name not in servers
    }
    needs = replaced_services(chosen)
    elsewhere = led_elsewhere(programs, needs)
    needs = {name: replaced for name, replaced in needs.items() if replaced.need not in elsewhere}
    for name in sorted(servers, key=list(chosen).index):
        lost += server_not_carried(name, chosen[name], needs, elsewhere)
    refuse_same_names(document.file, list(programs))
    for name, service in programs.items():
        if not service.get("image") and not service.get("build"):
            raise SpecError(f"{document.file}: services.{name} has no image and no build. Give it one of them.")
    if not programs:
        raise SpecError(f"{document.file} has no service that a stack runs: all of them are left out.")
    services, more = _services(document.file, programs, ports, needs, chosen.keys() - needs)
    guesses = [
        Guess(f"{replaced.need} in place of the service `{name}`", document.file) for name, replaced in needs.items()
    ]
    draft = Draft(
        services,
        "docker",
        tuple(replaced.need for replaced in needs.values()),
        tuple(guesses),
        _steps(services),
        _target(document, programs, ports),
    )
    names = {stack_name(name): name for name in programs}
    return Imported(draft, (*lost, *more, *_sections(document)), names)


def _is_chosen(service: Mapping[str, Any], profiles: Collection[str]) -> bool:
    own = service.get("profiles") or ()
    return not own or bool(set(own) & set(profiles))


def _refuse_profiles(document: ComposeDocument, profiles: Collection[str]) -> None:
    known = {str(profile) for service in document.services.values() for profile in service.get("profiles") or ()}
    for profile in set(profiles) - known - {"*"}:
        has = f"it has {', '.join(sorted(known))}" if known else "it has none"
        raise SpecError(f"{document.file} has no profile {profile}: {has}.")


def _left_out(document: ComposeDocument, chosen: Collection[str]) -> Iterator[NotCarried]:
    for name, service in document.services.items():
        if name not in chosen and not is_exported_proxy(service):
            profile = service["profiles"][0]
            yield NotCarried(f"services.{name}", f"it is of the profile {profile}, which was not asked for",
                             f"tenfold import {document.file} --profile {profile}")  # fmt: skip


def with_env_files(file: str, name: str, service: Mapping[str, Any], env_files: Mapping[str, str]) -> dict[str, Any]:
    """The service with the variables of its env files below its own. Raises SpecError for a file that is not there."""
    environment: dict[str, EnvText] = {}
    for path, required in env_files_of(service):
        if path in env_files:
            values = env_file(env_files[path])
            environment |= {variable: EnvText(text, variable, is_taken=True) for variable, text in values.items()}
        elif required:
            raise SpecError(f"{file}: services.{name}.env_file names {path}, which is not there.")
    return {**service, "environment": {**environment, **(service.get("environment") or {})}}


def _services(
    file: str,
    programs: Mapping[str, Mapping[str, Any]],
    ports: Mapping[str, tuple[PublishedPort, ...]],
    needs: Mapping[str, Replaced],
    others: Collection[str],
) -> tuple[tuple[DraftService, ...], list[NotCarried]]:
    services, lost, owners = [], list[NotCarried](), dict[str, str]()
    once, all_programs = one_offs(programs), programs
    programs = {name: service for name, service in programs.items() if name not in once}
    routes = routes_of(programs, ports)
    values: dict[str, str] = {}
    for name, service in programs.items():
        try:
            keys, own = service_keys(name, service, ports[name], needs, others)
        except Unset as unset:
            raise unset_fault(file, name, unset) from None
        lost += own
        lost += waits_not_carried(name, service, once)
        first = next((other for other, waiting in once.items() if waiting == name), "")
        keys |= before_of(all_programs[first], keys) if first else {}
        lost += _shared_volumes(name, keys, owners)
        if "port" in keys and name in routes:
            keys["route"] = routes[name]
            lost += _addresses_not_carried(name, ports[name], routes[name])
        keys = as_exported(name, service, keys)
        if "env" in keys:
            keys["env"] = secrets_apart(name, service["environment"], keys["env"], values)
        comments = {key: COMMENTS[key] for key in keys if key in COMMENTS}
        services.append(DraftService(stack_name(name), keys, comments))
    return tuple(services), lost


SHARED = "make the two one service, or keep the data in a database"


def _shared_volumes(name: str, keys: dict[str, Any], owners: dict[str, str]) -> Iterator[NotCarried]:
    """Volumes that another service has already; they are taken out of this one."""
    for volume in list(keys.get("volumes", ())):
        owner = owners.setdefault(volume, name)
        if owner != name:
            del keys["volumes"][volume]
            why = f"a volume belongs to one service, and {owner} has it"
            yield NotCarried(f"services.{name}.volumes `{volume}`", why, SHARED)
    if keys.get("volumes") == {}:
        del keys["volumes"]


def _addresses_not_carried(
    name: str, ports: tuple[PublishedPort, ...], route: Mapping[str, str]
) -> Iterator[NotCarried]:
    """The port of the machine that a further service had: all of them answer at one, by the name of the host."""
    if ports and ports[0].published and route["host"].endswith(".localhost"):
        why = f"all services answer at one port, and this one for {route['host']}, which is this machine only"
        yield NotCarried(f"services.{name}.ports {ports[0].published}", why, "give `route` a host or a path of yours")


def _target(
    document: ComposeDocument, programs: Collection[str], ports: Mapping[str, tuple[PublishedPort, ...]]
) -> dict[str, int]:
    """The ports of the machine that the file publishes first: one on loopback, one beyond."""
    target: dict[str, int] = {}
    proxies = [name for name, service in document.services.items() if is_exported_proxy(service)]
    published = [published_ports(document.file, name, document.services[name]) for name in proxies]
    for service_ports in (*published, *(ports[name] for name in programs)):
        for port in service_ports[:1]:
            if port.published and not port.is_udp:
                target.setdefault("public_port" if port.is_public else "port", port.published)
    return target


def _steps(services: tuple[DraftService, ...]) -> tuple[str, ...]:
    secrets = [value["secret"] for service in services for value in service.keys.get("env", {}).values()
               if isinstance(value, dict) and "secret" in value]  # fmt: skip
    return tuple(f"tenfold secret set STACK {name}" for name in dict.fromkeys(secrets))


VOLUME = ("a volume is made by Tenfold, on its target", "copy the data into it once it is there")


def _sections(document: ComposeDocument) -> Iterator[NotCarried]:
    for key, value in document.sections.items():
        if key in SECTIONS and value:
            yield NotCarried(key, *SECTIONS[key])
        elif key not in ("version", "name", "volumes", *SECTIONS):
            yield NotCarried(key, "a stack file has no such key", "leave it out")
        if key == "volumes":
            for name, volume in (value or {}).items():
                if isinstance(volume, dict) and {"external", "driver", "driver_opts", "name"} & volume.keys():
                    yield NotCarried(f"volumes.{name}", *VOLUME)
