"""Somebody outside who says when it is so, whoever did it: the engine's list of containers, and requests as a user.

python -m benchmarks.docker.judge CONDITION     prints a line when it looks, and the moment when it was so

Every 50 ms it lists the containers; once they are as wanted, it visits through the proxy until each replica has
answered with what the database and the cache said. In a process of its own, on the machine's one monotonic clock.
"""

import http.client
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from docker.api.client import APIClient

from benchmarks.docker.stack import NAME, PORT

EVERY_SECONDS = 0.05
PATIENCE = 120.0
VISITS = 16
"""At once: with so many, each of six replicas is likely to be met."""
USUAL = "unix:///var/run/docker.sock"


@dataclass(frozen=True, slots=True)
class Condition:
    """So many containers of this image and no other release's, so many others; no replicas: nothing at all."""

    image: str
    replicas: int
    others: int = 3


class Judge:
    """Looks from `looking` on."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @classmethod
    def looking(cls, condition: Condition) -> Self:
        command = [sys.executable, "-m", "benchmarks.docker.judge", json.dumps(asdict(condition))]
        folder = Path(__file__).parents[2]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        process.stdout.readline()
        return cls(process)

    def moment(self) -> float:
        """When it was so, on the monotonic clock; waits for it. RuntimeError if it never was."""
        said, _ = self._process.communicate()
        if self._process.returncode:
            raise RuntimeError("the judge did not see it come about")
        return float(said)

    def dismiss(self) -> None:
        """Its word is not needed any more."""
        self._process.kill()
        self._process.wait()


def _listed(api: APIClient) -> list[dict[str, Any]]:
    containers: list[dict[str, Any]] = api.containers(all=True, filters={"name": NAME})
    return containers


def _as_wanted(api: APIClient, wanted: Condition, image: str) -> bool:
    listed = _listed(api)
    if not wanted.replicas:
        return not listed
    running = [container for container in listed if container["State"] == "running"]
    right = [container for container in running if container["ImageID"] == image]
    return len(right) == wanted.replicas and len(running) == wanted.replicas + wanted.others


def _visit(_: object) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
    try:
        connection.request("GET", "/api/visit")
        answer = connection.getresponse()
        data = json.loads(answer.read()) if answer.status == 200 else {}
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return data["replica"] if data.get("visits") and data.get("hits") else None


def _look(wanted: Condition) -> float:
    api = APIClient(USUAL, version="auto")
    image = api.inspect_image(wanted.image)["Id"] if wanted.replicas else ""  # type: ignore[no-untyped-call]
    met = set[str]()
    with ThreadPoolExecutor(VISITS) as pool:
        print("looking", flush=True)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            began = time.monotonic()
            if _as_wanted(api, wanted, image):
                if not wanted.replicas:
                    return time.monotonic()
                met.update(replica for replica in pool.map(_visit, range(VISITS)) if replica)
                if len(met) >= wanted.replicas:
                    return time.monotonic()
            time.sleep(max(0.0, EVERY_SECONDS - (time.monotonic() - began)))
    containers = [f"{container['Names']} {container['Image']} {container['State']}" for container in _listed(api)]
    raise SystemExit(f"wanted {wanted}, met {sorted(met)}, there is {containers}")


if __name__ == "__main__":
    print(_look(Condition(**json.loads(sys.argv[1]))), flush=True)
