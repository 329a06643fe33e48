"""Swarm's `stack deploy` on one node, addressed by its DNS: virtual addresses need a kernel with IPVS."""

import json
import time
from pathlib import Path
from typing import Any

from benchmarks.docker import stack
from benchmarks.docker.tools import said

_BRIDGE = "docker_gwbridge"


class Swarm:
    name = "Swarm stack deploy"

    def __init__(self, images: stack.Images, folder: Path) -> None:
        self._images, self._folder = images, folder / "swarm"
        self._image, self._replicas = "", 0

    def prepare(self) -> None:
        """A swarm of this node alone, on loopback, published ports included. Refuses to touch one that is there."""
        if (state := said("docker", "info", "--format", "{{.Swarm.LocalNodeState}}").strip()) != "inactive":
            raise RuntimeError(f"this engine is in a swarm already ({state}), which the benchmark would have to leave")
        stack.write_proxy_files(self._folder / "files", dns="web")
        options = {"name": _BRIDGE, "enable_icc": "false", "host_binding_ipv4": "127.0.0.1"}
        words = [word for key, value in options.items() for word in ("-o", f"com.docker.network.bridge.{key}={value}")]
        said("docker", "network", "create", *words, _BRIDGE)
        address = "127.0.0.1"
        said(
            "docker", "swarm", "init", "--advertise-addr", address, "--listen-addr", f"{address}:2377",
            "--data-path-addr", address,
        )  # fmt: skip

    def up(self, replicas: int, image: str) -> None:
        self._image, self._replicas = image, replicas
        self._deploy()

    def again(self) -> None:
        self._deploy()

    def scale(self, replicas: int) -> None:
        self._replicas = replicas
        self._deploy()

    def release(self, image: str) -> None:
        self._image = image
        self._deploy()

    def down(self) -> None:
        said("docker", "stack", "rm", "--detach=false", stack.NAME)
        volume = f"{stack.NAME}_data"
        while volume in said("docker", "volume", "ls", "--quiet", "--filter", f"name={volume}"):
            try:
                said("docker", "volume", "rm", volume)
            except RuntimeError:  # its container is still being removed
                time.sleep(0.1)

    def leave(self) -> None:
        said("docker", "swarm", "leave", "--force")
        said("docker", "network", "rm", _BRIDGE)

    def _deploy(self) -> None:
        (self._folder / "stack.json").write_text(json.dumps(self._file()))
        said(
            "docker", "stack", "deploy", "--detach=false", "--resolve-image", "never", "-c", "stack.json", stack.NAME,
            folder=self._folder,
        )  # fmt: skip

    def _file(self) -> dict[str, Any]:
        files = f"{self._folder}/files:{stack.FOLDER_PATH}:ro"
        return {
            "version": "3.8",
            "services": {
                "database": self._service("database", self._images.database, 1) | {
                    "environment": stack.DATABASE_ENV,
                    "volumes": ["data:/var/lib/postgresql/data"],
                },
                "cache": self._service("cache", self._images.cache, 1) | {"command": stack.CACHE_COMMAND},
                "web": self._service("app", self._image, self._replicas) | {
                    "command": [word.replace("$", "$$") for word in stack.APP_COMMAND],
                    "environment": stack.APP_ENV,
                },
                "proxy": self._service("proxy", self._images.proxy, 1) | {
                    "command": stack.PROXY_COMMAND,
                    "volumes": [files],
                    "ports": [{"target": stack.INNER_PORT, "published": stack.PORT, "mode": "host"}],
                },
            },
            "volumes": {"data": {}},
        }  # fmt: skip

    @staticmethod
    def _service(kind: str, image: str, replicas: int) -> dict[str, Any]:
        """Start-first for replicas, all at once; it calls an update stable a second after it is healthy."""
        order = "start-first" if kind == "app" else "stop-first"
        return {
            "image": image,
            "healthcheck": stack.health_check(kind),
            "deploy": {
                "replicas": replicas,
                "endpoint_mode": "dnsrr",
                "update_config": {"order": order, "parallelism": 0, "delay": "0s", "monitor": "1s"},
            },
        }
