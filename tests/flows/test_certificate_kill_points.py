"""A run that is killed at any effect of a certificate, and run again, ends with it, and with no order too many."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import tasks.certificates.authority as authorities
import tasks.certificates.fetch as fetch
from flows.provision import provision
from infra_specs.errors import CertificateRefused
from tests.flows.fetching import SHOP, digests, known, secrets, spec
from tests.support.certificates import authority
from tests.support.children import start_with
from tests.support.points import Points

pytestmark = [pytest.mark.prefect, pytest.mark.proof, pytest.mark.usefixtures("prefect_server")]
PARAMETERS = {"spec": spec(), "source": "/srv"}
KILLED_AFTER = ("certificates.put", "secrets.set", "secrets.remove", "authority.order", "authority.advance", "update")


def test_killed_at_every_effect_of_a_certificate(
    home: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    start, orders = tmp_path / "start", tmp_path / "orders"
    assert run(Killing(orders, answers=False)).state == "COMPLETED"
    assert known()[SHOP].version is None
    shutil.copytree(home, start)

    undisturbed = Killing(orders)
    ended = run(undisturbed)
    assert ended.state == "COMPLETED", ended.message
    end = digests(home)
    assert known()[SHOP].version == 1
    assert len(ended.points) > 6
    for number, point in enumerate(ended.points, 1):
        shutil.rmtree(home)
        shutil.copytree(start, home)
        orders.unlink()
        assert run(Killing(orders, at=number)).state is None, f"it was not killed {point}"
        again = run(Killing(orders))
        assert again.state == "COMPLETED", f"killed {point}: {again.message}"
        state = known()[SHOP]
        assert state.order is None, f"killed {point}"
        assert digests(home).keys() == end.keys(), f"killed {point}"
        assert digests(home)["challenges"] == end["challenges"], f"killed {point}"
        assert f"tls-certificate-{SHOP}" in secrets(), f"killed {point}"
        assert f"tls-key-{SHOP}" not in secrets(), f"killed {point}"
        asked = len(json.loads(orders.read_text()))
        assert asked == (2 if "authority.order" in point else 1), f"killed {point}"
    record_property("points", len(ended.points))


def run(trap: "Killing") -> Any:
    return start_with(trap, provision, PARAMETERS).wait()


@dataclass
class Killing(Points):
    """Kills a run at a point, and is its authority: what it was asked for lies in a file, as the world remembers it."""

    orders: Path
    answers: bool = True
    at: int = 0
    passed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.at, 9, _is_of_a_certificate)

    def install(self) -> None:
        super().install()
        ours = FileAuthority(self.orders, answers=self.answers)
        setattr(ours, "order", self.around("authority.order", ours.order))  # noqa: B010
        setattr(ours, "advance", self.around("authority.advance", ours.advance))  # noqa: B010
        authorities.Authority = lambda *_: ours  # type: ignore[assignment, misc]
        fetch.ask_name = lambda *_: None
        fetch.DECIDING_DELAYS = (0.0,) * 5  # type: ignore[assignment]


def _is_of_a_certificate(point: str) -> bool:
    return point.startswith("after") and any(effect in point for effect in KILLED_AFTER)


@dataclass
class FileAuthority:
    """An authority whose orders outlive the process: what was told and issued once stays so."""

    file: Path
    answers: bool

    def order(self, host: str) -> Any:
        if not self.answers:
            raise CertificateRefused("not today", reached=False)
        known = self._read()
        url = f"order-{len(known)}"
        self._write({**known, url: {"told": False, "chain": None}})
        return authorities.NewOrder(url, f"token-{url}", "answer")

    def advance(self, url: str, host: str, key: str) -> str | None:
        known = self._read()
        order = known[url]
        if order["told"] and not order["chain"]:
            private: Any = load_pem_private_key(key.encode(), None)
            order["chain"] = authority().issue(host, key=private)[0]
        chain: str | None = order["chain"]
        order["told"] = True
        self._write(known)
        return chain

    def _read(self) -> dict[str, Any]:
        known: dict[str, Any] = json.loads(self.file.read_text()) if self.file.exists() else {}
        return known

    def _write(self, known: dict[str, Any]) -> None:
        self.file.write_text(json.dumps(known))
