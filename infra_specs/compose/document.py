"""A Compose file's text as data: read, filled in, and refused where it is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra_specs.compose.environment import environment_of
from infra_specs.compose.extends import extended
from infra_specs.compose.forms import refuse_forms
from infra_specs.compose.secret_values import MASK, is_secret, is_secret_name
from infra_specs.compose.variables import Unset, filled
from infra_specs.compose.yaml_text import yaml_data
from infra_specs.errors import SpecError


@dataclass(frozen=True, slots=True)
class ComposeDocument:
    """A Compose file: the services as written, and as they are with every variable filled in but those of `env`."""

    file: str
    services: Mapping[str, dict[str, Any]]
    name: str
    sections: Mapping[str, Any]
    """The other top-level keys, `x-` ones left out."""

    @property
    def env_files(self) -> set[str]:
        """The paths of env files that services name."""
        return {path for service in self.services.values() for path, _ in env_files_of(service)}


def env_files_of(service: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """The paths of a service's env files in their order, and whether each must be there."""
    given = service.get("env_file") or ()
    entries = [given] if isinstance(given, str | dict) else list(given)
    return [
        (entry, True) if isinstance(entry, str) else (str(entry.get("path", "")), bool(entry.get("required", True)))
        for entry in entries
    ]


def compose_document(text: str, file: str, variables: Mapping[str, str]) -> ComposeDocument:
    """The file. Raises SpecError if it is no Compose file, or a variable outside of `environment` has no value."""
    data = yaml_data(text, file)
    services = data.get("services") if isinstance(data, dict) else None
    if not isinstance(services, dict) or not services or not all(isinstance(part, dict) for part in services.values()):
        raise SpecError(_no_compose_file(file, data))
    if not isinstance(data.get("volumes") or {}, dict):
        raise SpecError(f"{file}: volumes must be a mapping of names and what each is.")
    sections = {str(key): value for key, value in data.items() if not str(key).startswith("x-") and key != "services"}
    return ComposeDocument(
        file,
        {
            str(name): _filled_service(file, str(name), service, variables)
            for name, service in extended(services, file).items()
        },
        str(data.get("name") or ""),
        sections,
    )


def _no_compose_file(file: str, data: Any) -> str:
    parts = data if isinstance(data, dict) else {}
    if "include" in parts and "services" not in parts:
        return f"{file} only includes other files. Run `docker compose config` first, and import what it prints."
    if parts and all(isinstance(part, dict) and {"image", "build"} & part.keys() for part in parts.values()):
        return f"{file} is of Compose's version 1 format. Put everything in it below `services:`."
    return f"{file} is no compose file: it has no `services` with a mapping for each."


def _filled_service(file: str, name: str, service: dict[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """The service, filled in; `environment` as far as its variables have a value. No other key gets a secret."""
    shown = {
        key: MASK if is_secret(key, value) or (is_secret_name(key) and value) else value
        for key, value in variables.items()
    }
    try:
        parts = {str(key): value if key == "environment" else filled(value, shown) for key, value in service.items()}
    except Unset as unset:
        raise unset_fault(file, name, unset) from None
    refuse_forms(file, name, parts)
    if "environment" in parts:
        parts["environment"] = environment_of(parts["environment"], variables)
    return parts


def unset_fault(file: str, name: str, unset: Unset) -> SpecError:
    """What to do about a variable of a service that has no value."""
    message = f": {unset.message.rstrip('.')}" if unset.message else ""
    return SpecError(
        f"{file}: services.{name} uses ${{{unset}}}, which is not set{message}. Set it in .env beside the file or "
        f"in this shell, or write a default: ${{{unset}:-value}}."
    )
