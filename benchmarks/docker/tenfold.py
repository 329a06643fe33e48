"""Tenfold's own flows, called without Prefect's run start."""

import os
import shutil
from pathlib import Path
from typing import Any

from benchmarks.docker import stack
from benchmarks.without_prefect import run, without_prefect
from flows.deploy import deploy
from flows.provision import provision
from flows.scale import scale
from flows.teardown import teardown
from tasks.base.settings import settings
from tasks.ledger import Ledger


class Tenfold:
    """An installation of its own, whose home begins empty at each round."""

    name = "Tenfold"

    def __init__(self, images: stack.Images, folder: Path) -> None:
        without_prefect()
        self._home = folder / "tenfold"
        unversioned = {known.rpartition(":")[0]: tag for known, tag in images.here.items()}
        self._spec: dict[str, Any] = {
            "name": stack.NAME,
            "target": {"provider": "docker", "port": stack.PORT, "images": unversioned},
            "needs": {"database": "postgres", "cache": "valkey"},
        }

    def prepare(self) -> None:
        """An installation whose ledger is made and empty: no stack waits for that."""
        os.environ["TENFOLD_HOME"] = str(self._home)
        Ledger.open(settings()).close()

    def up(self, replicas: int, image: str) -> None:
        web = {"image": image, "port": stack.APP_PORT, "replicas": {"min": replicas, "max": 12}}
        self._spec["services"] = {"web": web}
        run(provision, spec=self._spec)

    def again(self) -> None:
        run(provision, stack=stack.NAME)

    def scale(self, replicas: int) -> None:
        run(scale, stack=stack.NAME, service="web", replicas=replicas)

    def release(self, image: str) -> None:
        run(deploy, stack=stack.NAME, image=image)

    def down(self) -> None:
        run(teardown, stack=stack.NAME, delete_data=True)

    def leave(self) -> None:
        shutil.rmtree(self._home)
