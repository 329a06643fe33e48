"""Docker Compose: one file, `up --wait`."""

import json
from pathlib import Path
from typing import Any

from benchmarks.docker import stack
from benchmarks.docker.tools import compose, said


class Compose:
    name = "Docker Compose"

    def __init__(self, images: stack.Images, folder: Path) -> None:
        self._images, self._folder, self._program = images, folder / "compose", compose()
        self._image, self._replicas = "", 0

    def prepare(self) -> None:
        stack.write_proxy_files(self._folder / "files", dns="web")

    def up(self, replicas: int, image: str) -> None:
        self._image, self._replicas = image, replicas
        self._apply()

    def again(self) -> None:
        self._apply()

    def scale(self, replicas: int) -> None:
        self._replicas = replicas
        self._apply()

    def release(self, image: str) -> None:
        self._image = image
        self._apply()

    def down(self) -> None:
        self._run("down", "--volumes")

    def leave(self) -> None:
        """Its file goes with the benchmark's folder."""

    def _apply(self) -> None:
        (self._folder / "compose.json").write_text(json.dumps(self._file()))
        self._run("up", "--detach", "--wait")

    def _run(self, *words: str) -> None:
        said(self._program, "--project-name", stack.NAME, "--file", "compose.json", *words, folder=self._folder)

    def _file(self) -> dict[str, Any]:
        files = f"{self._folder}/files:{stack.FOLDER_PATH}:ro"
        healthy = {"condition": "service_healthy"}
        return {
            "services": {
                "database": {
                    "image": self._images.database,
                    "environment": stack.DATABASE_ENV,
                    "volumes": ["data:/var/lib/postgresql/data"],
                    "healthcheck": stack.health_check("database"),
                },
                "cache": {
                    "image": self._images.cache,
                    "command": stack.CACHE_COMMAND,
                    "healthcheck": stack.health_check("cache"),
                },
                "web": {
                    "image": self._image,
                    "command": [word.replace("$", "$$") for word in stack.APP_COMMAND],
                    "environment": stack.APP_ENV,
                    "healthcheck": stack.health_check("app"),
                    "depends_on": {"database": healthy, "cache": healthy},
                    "deploy": {"replicas": self._replicas},
                },
                "proxy": {
                    "image": self._images.proxy,
                    "command": stack.PROXY_COMMAND,
                    "volumes": [files],
                    "ports": [f"127.0.0.1:{stack.PORT}:{stack.INNER_PORT}"],
                    "healthcheck": stack.health_check("proxy"),
                },
            },
            "volumes": {"data": {}},
        }
