"""The certificate of a spec, read from files or secrets and kept in the ledger."""

from pathlib import Path
from typing import Any

import pytest

from infra_specs.catalogue.desired import desired_state
from infra_specs.certificates.check import pair
from infra_specs.certificates.host_certificate import HostCertificate
from infra_specs.errors import PlanError
from infra_specs.resources.resource import SecretRef
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data
from tasks.base.clock import now
from tasks.ledger import Lease, Ledger
from tasks.stack.certificate import check_certificate, keep_certificate, renew_certificate
from tasks.stack.record import snapshot_of
from tests.support.certificates import authority

ours = authority()


def shop(certificate: Any = "certs/chain.pem", key: Any = "certs/key.pem", host: str = "*") -> Stack:
    web = {"command": "run", "port": 80, "route": {"host": host}}
    tls = {"certificate": certificate, "key": key}
    return from_data({"name": "shop", "target": {"provider": "memory"}, "services": {"web": web}, "tls": tls}, "spec")


def written(folder: Path, pems: tuple[str, str]) -> tuple[str, str]:
    (folder / "certs").mkdir(exist_ok=True)
    (folder / "certs" / "chain.pem").write_text(pems[0])
    (folder / "certs" / "key.pem").write_text(pems[1])
    return pems


def kept(ledger: Ledger) -> tuple[int, str]:
    version = ledger.secrets.versions("shop")["tls-certificate"]
    return version, ledger.secrets.value("shop", "tls-certificate", version)


def test_files_are_kept_as_one_and_a_changed_one_is_a_new_version(ledger: Ledger, lease: Lease, tmp_path: Path) -> None:
    first = written(tmp_path, ours.issue("shop.example.com"))
    _, said = keep_certificate(ledger, lease, snapshot_of(ledger, shop(), str(tmp_path)))
    assert said.startswith("Certificate for shop.example.com, until 20")
    assert kept(ledger) == (1, pair(*first))
    keep_certificate(ledger, lease, snapshot_of(ledger, shop(), str(tmp_path)))
    assert renew_certificate(ledger, lease, snapshot_of(ledger, shop(), str(tmp_path)))[1] == ""
    assert kept(ledger)[0] == 1
    second = written(tmp_path, ours.issue("shop.example.com"))
    assert renew_certificate(ledger, lease, snapshot_of(ledger, shop(), str(tmp_path)))[1].startswith("Certificate for")
    assert kept(ledger) == (2, pair(*second))
    made = desired_state(
        shop(), size(shop()), counts={}, secrets=ledger.secrets.versions("shop"), source=str(tmp_path)
    )  # fmt: skip
    proxy = next(one for one in made if one.kind == "proxy")
    assert proxy.settings["tls"] == SecretRef("tls-certificate", 2)
    assert "tls" in proxy.mutable


def test_secrets_are_as_good_and_one_that_is_missing_is_named(ledger: Ledger, lease: Lease, tmp_path: Path) -> None:
    wanted, (chain, key) = shop({"secret": "cert"}, {"secret": "key"}), ours.issue("a")
    with pytest.raises(PlanError, match="tenfold secret set shop cert\n  tenfold secret set shop key"):
        keep_certificate(ledger, lease, snapshot_of(ledger, wanted, "/"))
    ledger.secrets.set("shop", "cert", chain)
    ledger.secrets.set("shop", "key", key)
    assert check_certificate(ledger, snapshot_of(ledger, wanted, "/"))
    assert "tls-certificate" not in ledger.secrets.versions("shop"), "to look changes nothing"
    keep_certificate(ledger, lease, snapshot_of(ledger, wanted, "/"))
    assert kept(ledger) == (1, pair(chain, key))


def test_half_a_renewal_changes_nothing_that_serves(ledger: Ledger, lease: Lease, tmp_path: Path) -> None:
    first = written(tmp_path, ours.issue("a"))
    keep_certificate(ledger, lease, snapshot_of(ledger, shop(), str(tmp_path)))
    written(tmp_path, (ours.issue("a")[0], first[1]))
    said = renew_certificate(ledger, lease, snapshot_of(ledger, shop(), str(tmp_path)))[1]
    assert said.startswith("The certificate before stays in use. shop: tls.key: it is not the key of")
    with pytest.raises(PlanError, match="it is not the key of this certificate"):
        keep_certificate(ledger, lease, snapshot_of(ledger, shop(), str(tmp_path)))
    assert kept(ledger) == (1, pair(*first))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere.pem", "tls.certificate: there is no file .*/nowhere.pem. A path starts at"),
        (".", "tls.certificate: .* cannot be read: Is a directory"),
        ("der", "tls.certificate: .*/der is not in PEM"),
        ("long", "tls.certificate: .*/long is longer than 262144 bytes"),
    ],
)
def test_what_is_no_file_of_certificates_is_said(
    ledger: Ledger, lease: Lease, tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "der").write_bytes(b"0\x82\x01\xff")
    (tmp_path / "long").write_text("x" * 300_000)
    with pytest.raises(PlanError, match=said):
        renew_certificate(ledger, lease, snapshot_of(ledger, shop(certificate=name), str(tmp_path)))[1]


def test_what_is_amiss_is_said(ledger: Ledger, lease: Lease, tmp_path: Path) -> None:
    written(tmp_path, ours.issue("shop.example.com", days=5))
    summary = check_certificate(ledger, snapshot_of(ledger, shop(host="www.example.com"), str(tmp_path)))
    assert "It does not cover www.example.com, where browsers will warn of it." in summary
    assert summary.endswith("It expires soon: renew it.")
    plain = from_data(shop().model_dump(mode="json") | {"tls": None})
    assert check_certificate(ledger, snapshot_of(ledger, plain, "/")) == ""


def test_certificates_that_are_fetched_are_described_and_none_is_read(ledger: Ledger, lease: Lease) -> None:
    web = {"command": "run", "port": 80, "public": True, "route": {"host": "shop.example.com"}}
    data = {"name": "shop", "target": {"provider": "memory"}, "services": {"web": web}, "tls": {"email": "a@b.c"}}
    snapshot = snapshot_of(ledger, from_data(data, "spec"), "/")
    assert check_certificate(ledger, snapshot) == (
        "shop.example.com has no certificate yet, and is served by plain HTTP."
    )
    ledger.certificates.put(
        lease, HostCertificate("shop.example.com", "d", 1, now(), now() + 90 * 86_400, now(), 1, "d")
    )
    snapshot = snapshot_of(ledger, from_data(data, "spec"), "/")
    assert check_certificate(ledger, snapshot).startswith("Certificate for shop.example.com until ")
    assert keep_certificate(ledger, lease, snapshot) == (snapshot, "")
    assert renew_certificate(ledger, lease, snapshot) == (snapshot, "")


@pytest.mark.parametrize(("days", "stays"), [(9, True), (-1, False)])
def test_a_certificate_of_ones_own_from_before_is_erased_when_it_has_expired(
    ledger: Ledger, lease: Lease, days: int, stays: bool
) -> None:
    ledger.secrets.set("shop", "tls-certificate", pair(*ours.issue("shop.example.com", days=days)))
    web = {"command": "run", "port": 80, "public": True, "route": {"host": "shop.example.com"}}
    data = {"name": "shop", "target": {"provider": "memory"}, "services": {"web": web}, "tls": {"email": "a@b.c"}}
    snapshot = snapshot_of(ledger, from_data(data, "spec"), "/")
    assert "served with your own from before" in check_certificate(ledger, snapshot)
    renewed, _ = keep_certificate(ledger, lease, snapshot)
    assert ("tls-certificate" in renewed.secret_versions) is stays
    assert ("tls-certificate" in ledger.secrets.versions("shop")) is stays
