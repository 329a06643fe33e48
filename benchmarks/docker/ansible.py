"""Ansible with community.docker: a playbook that says each container in turn, as its documentation does."""

import json
import os
from pathlib import Path
from typing import Any

from benchmarks.docker import stack
from benchmarks.docker.tools import ansible, said


class Ansible:
    name = "Ansible community.docker"

    def __init__(self, images: stack.Images, folder: Path) -> None:
        self._images, self._folder, self._programs = images, folder / "ansible", ansible()
        self._image, self._replicas = "", 0

    def prepare(self) -> None:
        stack.write_proxy_files(self._folder / "files", dns="web")

    def up(self, replicas: int, image: str) -> None:
        self._image, self._replicas = image, replicas
        self._play(self._wanted())

    def again(self) -> None:
        self._play(self._wanted())

    def scale(self, replicas: int) -> None:
        going = [_absent(f"web-{number}") for number in range(replicas, self._replicas)]
        self._replicas = replicas
        self._play([*self._wanted(), *going])

    def release(self, image: str) -> None:
        """Each replica is replaced when the one before it is healthy."""
        self._image = image
        self._play(self._wanted())

    def down(self) -> None:
        titles = ["proxy", *(f"web-{number}" for number in range(self._replicas)), "cache", "database"]
        self._play([
            *map(_absent, titles),
            {"community.docker.docker_volume": {"name": stack.NAME, "state": "absent"}},
            {"community.docker.docker_network": {"name": stack.NAME, "state": "absent"}},
        ])  # fmt: skip

    def leave(self) -> None:
        """Its files go with the benchmark's folder."""

    def _play(self, tasks: list[dict[str, Any]]) -> None:
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
        (self._folder / "play.json").write_text(json.dumps([play]))
        env = {"ANSIBLE_HOME": str(self._folder), "LC_ALL": "C.UTF-8", "PATH": f"{self._programs}:{os.environ['PATH']}"}
        python = f"ansible_python_interpreter={self._programs}/python"
        said(
            self._programs / "ansible-playbook", "-i", "localhost,", "-e", python, "play.json",
            folder=self._folder, **env,
        )  # fmt: skip

    def _wanted(self) -> list[dict[str, Any]]:
        images = self._images
        data = [{"type": "volume", "source": stack.NAME, "target": "/var/lib/postgresql/data"}]
        files = [{"type": "bind", "source": f"{self._folder}/files", "target": str(stack.FOLDER_PATH),
                  "read_only": True}]  # fmt: skip
        ports = [f"127.0.0.1:{stack.PORT}:{stack.INNER_PORT}"]
        app = {"command": stack.APP_COMMAND, "env": stack.APP_ENV}
        return [
            {"community.docker.docker_network": {"name": stack.NAME}},
            {"community.docker.docker_volume": {"name": stack.NAME}},
            _container("database", images.database, env=stack.DATABASE_ENV, mounts=data),
            _container("cache", images.cache, command=stack.CACHE_COMMAND),
            *(_container(f"web-{number}", self._image, "web", "app", **app) for number in range(self._replicas)),
            _container("proxy", images.proxy, command=stack.PROXY_COMMAND, mounts=files, published_ports=ports),
        ]


def _container(title: str, image: str, alias: str = "", kind: str = "", **more: Any) -> dict[str, Any]:
    return {
        "community.docker.docker_container": {
            "name": f"{stack.NAME}-{title}",
            "image": image,
            "pull": "never",
            "state": "healthy",
            "restart_policy": "unless-stopped",
            "networks": [{"name": stack.NAME, "aliases": [alias or title]}],
            "healthcheck": stack.health_check(kind or title),
            "command_handling": "correct",
            **more,
        }
    }


def _absent(title: str) -> dict[str, Any]:
    container = {"name": f"{stack.NAME}-{title}", "state": "absent", "stop_timeout": stack.GRACE_SECONDS}
    return {"community.docker.docker_container": container}
