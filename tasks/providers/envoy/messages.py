"""The forms that every file of the proxy is made of: typed settings, answers, and where a file is read from."""

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

TYPE = "type.googleapis.com/envoy"


def typed(name: str, kind: str, settings: Mapping[str, Any] | None = None) -> Json:
    """An extension by its name, with its settings."""
    return {"name": name, "typed_config": {"@type": f"{TYPE}.{kind}", **(settings or {})}}


def response(kind: str, resources: Iterable[Json], version: str = "") -> Json:
    """What a file holds: resources of one kind."""
    listed = [{"@type": f"{TYPE}.{kind}", **resource} for resource in resources]
    return {"version_info": version, "resources": listed}


def source(folder: PurePath, name: str) -> Json:
    """Where resources are read from, and read again when the file is replaced."""
    path = {"path": str(folder / name), "watched_directory": {"path": str(folder)}}
    return {"resource_api_version": "V3", "path_config_source": path}


KEEPALIVE = {"keepalive_time": 60, "keepalive_interval": 15, "keepalive_probes": 4}
"""How TCP finds a peer that is gone without a word: within two minutes. Quiet streams are not cut by anything else."""
