"""Resources and instances as short data: `{kind, settings, ...}`, where a text `@database/main.port` is a reference."""

from typing import Any

from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Ref, Resource, SecretRef


def resource(address: str, data: dict[str, Any]) -> Resource:
    settings = {name: setting(value) for name, value in data.get("settings", {}).items()}
    return Resource(
        "shop",
        address,
        data.get("kind", address.split("/", maxsplit=1)[0]),
        settings,
        mutable=tuple(data.get("mutable", ())),
        after=tuple(data.get("after", ())),
        stateful=data.get("stateful", False),
        singleton=data.get("singleton", False),
    )


def setting(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("@secret "):
        name, version = value.removeprefix("@secret ").split(" v")
        return SecretRef(name, int(version))
    if isinstance(value, str) and value.startswith("@"):
        return Ref(*value[1:].rsplit(".", 1))
    if isinstance(value, list):
        return [setting(item) for item in value]
    return value


def instance(made_from: Resource, data: dict[str, Any]) -> Instance:
    return Instance(
        "shop",
        made_from.address,
        made_from.kind,
        made_from.fingerprint,
        data.get("incarnation", 1),
        Health(data.get("state", "healthy"), data.get("reason", "ok"), data.get("since", 0.0)),
        digests=made_from.digests,
        bindings=data.get("bindings", {}),
        outputs=data.get("outputs", {}),
        after=made_from.dependencies,
        stateful=made_from.stateful,
    )
