"""Images that were streamed to a host and are needed no more."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from docker.errors import APIError, ImageNotFound

from infra_specs.errors import TransientError
from tasks.providers.swarm import held_images
from tasks.providers.swarm.held_images import KEPT_SECONDS, forget_unneeded, hold, hold_again

pytestmark = pytest.mark.pure
NOW = 1_800_000_000.0
ID, OWN = "sha256:0123456789abcdef", "tenfold-held:0123456789ab"


@dataclass
class Engine:
    """With one image, by its names. One in use is not removed."""

    names: list[str] = field(default_factory=list)
    named: float | None = NOW
    in_use: bool = False
    answers: bool = True

    def images(self, name: str) -> list[dict[str, Any]]:
        if not self.answers:
            raise AssertionError
        return [{"Id": ID}] if any(known.startswith(f"{name}:") for known in self.names) else []

    def inspect_image(self, name: str) -> dict[str, Any]:
        if name not in (ID, *self.names) or not self.names:
            raise ImageNotFound(name)
        when = datetime.fromtimestamp(self.named, UTC).isoformat() if self.named else ""
        return {"Id": ID, "RepoTags": self.names, "Metadata": {"LastTagTime": when}}

    def tag(self, id: str, repository: str, tag: str) -> None:
        self.named = NOW
        self.names.extend({f"{repository}:{tag}"} - {*self.names})

    def remove_image(self, name: str) -> None:
        if self.in_use:
            error = APIError("conflict: a container is using it")
            error.response = type("Response", (), {"status_code": 409})()
            raise error
        self.names.remove(name)


class Hosts:
    def __init__(self, engines: Mapping[str, Engine]) -> None:
        self._engines = engines

    def outcomes(self, job: Callable[[Any, Engine], Any]) -> dict[str, Any]:
        silent = TransientError("no answer")
        return {host: job(None, engine) if engine.answers else silent for host, engine in self._engines.items()}

    def engine(self, host: str) -> Engine:
        return self._engines[host]


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_images, "now", lambda: NOW)


LONG_AGO = NOW - KEPT_SECONDS - 1
PULLED = Engine(["shop:1"], LONG_AGO)


@pytest.mark.parametrize(
    ("engine", "needed", "other", "is_removed"),
    [
        (Engine([OWN], LONG_AGO), set(), PULLED, True),
        (Engine([OWN], NOW - KEPT_SECONDS + 1), set(), PULLED, False),
        (Engine([OWN], None), set(), PULLED, False),
        (Engine([OWN], LONG_AGO), {ID}, PULLED, False),
        (Engine([OWN], LONG_AGO, in_use=True), set(), PULLED, False),
        (Engine([OWN], LONG_AGO), set(), Engine([OWN], LONG_AGO), False),
        (Engine([OWN], LONG_AGO), set(), Engine(["shop:1"], LONG_AGO, answers=False), False),
        (Engine(["shop:1"], LONG_AGO), set(), PULLED, False),
    ],
)
def test_what_goes(engine: Engine, needed: set[str], other: Engine, is_removed: bool) -> None:
    """What is needed, used or new stays, and what no other host has under a name of its own."""
    before = list(engine.names)
    forget_unneeded(Hosts({"a": engine, "b": other}), needed)  # type: ignore[arg-type]  # fakes
    assert engine.names == ([] if is_removed else before)


def test_what_is_asked_for_again_stays_another_day() -> None:
    engine = Engine([OWN], LONG_AGO)
    hold_again(engine, ID)  # type: ignore[arg-type]  # fake
    assert engine.named == NOW
    pulled = Engine(["shop:1"], LONG_AGO)
    hold_again(pulled, ID)  # type: ignore[arg-type]  # fake
    assert pulled.names == ["shop:1"], "what the host pulled is not ours"
    hold(pulled, ID)  # type: ignore[arg-type]  # fake
    assert pulled.names == ["shop:1", OWN]
