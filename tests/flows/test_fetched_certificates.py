"""Certificates that are fetched: by a provision, renewed by the timer, and what a failure leaves."""

from pathlib import Path
from typing import Any

import pytest

import flows.engine.certificates as engine
import tasks.certificates.fetch as fetch
from flows.provision import provision
from flows.reconcile import reconcile
from infra_specs.errors import AuthorityAway, CertificateRefused, TransientError
from tests.flows.fetching import BLOG, DIRECTORY, SHOP, TestAuthority, digests, known, secrets, signs, spec
from tests.flows.going import done
from tests.flows.shop import observed, runs
from tests.support.certificates import authority

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
DAY = 86_400.0
NOW = 1_800_000_000.0
__all__ = ["signs"]


class Clock:
    """What the runs of a test take for the time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moment = NOW
        for module in (engine, fetch):
            monkeypatch.setattr(module, "now", lambda: self.moment)
        monkeypatch.setattr(engine, "is_asked_for", lambda: False)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


async def provisioned(*hosts: str, **tls: Any) -> str:
    return await done(provision, spec=spec(*hosts, **tls), source="/srv")


async def test_a_provision_fetches_and_a_second_one_does_nothing(home: Path, signs: TestAuthority) -> None:
    message = await provisioned(SHOP, BLOG)
    assert f"Certificate for {SHOP} until " in message
    assert signs.orders == [BLOG, SHOP]
    state = known()[SHOP]
    assert (state.version, state.issuer, state.orders, state.order) == (1, DIRECTORY, 1, None)
    (account,) = [name for name in secrets() if name.startswith("tls-account-")]
    assert secrets().keys() == {account, f"tls-certificate-{SHOP}", f"tls-certificate-{BLOG}"}
    assert [run.verb for run in runs()] == ["provision"] * 3
    assert (await provisioned(SHOP, BLOG)).startswith("nothing to do")
    assert (await done(reconcile, stack="shop")).startswith("nothing to do")
    assert signs.orders == [BLOG, SHOP]


async def test_an_added_host_is_one_order_more_and_a_removed_one_is_asked_for_no_more(
    home: Path, signs: TestAuthority, clock: Clock
) -> None:
    await provisioned(SHOP)
    await provisioned(SHOP, BLOG)
    assert signs.orders == [SHOP, BLOG]
    before = digests(home)["certificates"]
    await provisioned(BLOG)
    assert digests(home)["certificates"] != before
    clock.moment += 61 * DAY
    await done(reconcile, stack="shop")
    assert signs.orders == [SHOP, BLOG, BLOG]
    assert (known()[SHOP].version, known()[BLOG].version) == (1, 2)


async def test_renewed_on_days_60_120_and_180(home: Path, signs: TestAuthority, clock: Clock) -> None:
    await provisioned()
    renewed = []
    for day in (59, 60, 119, 120, 180, 200):
        clock.moment = NOW + day * DAY
        if "Certificate for" in await done(reconcile, stack="shop"):
            renewed.append(day)
    assert renewed == [60, 120, 180]
    assert len(signs.orders) == 4
    assert {instance.incarnation for instance in observed(home)} == {1}, "nothing was replaced"


@pytest.mark.parametrize(
    ("step", "error", "orders", "said"),
    [
        ("account", TransientError("the authority ca does not answer (ConnectionError)."), 0, "The authority ca does"),
        ("order", CertificateRefused("the authority ca refused: no.", hold_off_seconds=60), 1, "The authority ca ref"),
        ("name", CertificateRefused(f"{SHOP} leads to 192.0.2.7.", reached=False, stands=True), 1, f"{SHOP} leads to"),
        ("advance", CertificateRefused("the authority ca gave it none: no."), 1, "The authority ca gave"),
        ("advance", TransientError("the authority ca failed: away."), 1, "The authority ca failed"),
    ],
)
async def test_a_failure_fails_no_run_and_is_said_and_tried_again(
    home: Path, signs: TestAuthority, clock: Clock, monkeypatch: pytest.MonkeyPatch,
    step: str, error: Exception, orders: int, said: str,
) -> None:  # fmt: skip
    for task in ("begin_order", "end_order"):
        monkeypatch.setattr(engine, task, getattr(engine, task).with_options(retries=0))

    def fails(at: str) -> None:
        if at == step:
            raise error

    signs.fails = fails
    message = await provisioned()
    assert f"{SHOP} has no certificate yet, and is served by plain HTTP. Fetching it failed once: {said}" in message
    assert (await done(reconcile, stack="shop")).startswith("nothing to do"), "it rests"
    assert known()[SHOP].orders == orders
    signs.fails = lambda at: None
    clock.moment += DAY
    assert f"Certificate for {SHOP} until" in await done(reconcile, stack="shop")
    state = known()[SHOP]
    assert (state.version, state.failures, state.message) == (1, 0, "")
    asked_again = step in ("order", "account") or (step == "advance" and isinstance(error, CertificateRefused))
    assert signs.orders.count(SHOP) == (1 if step in ("account", "order") else 1 + asked_again)


@pytest.mark.parametrize("ahead", [3600.0, -3600.0])
async def test_a_clock_that_is_an_hour_off_costs_no_certificate_and_no_order(
    home: Path, signs: TestAuthority, clock: Clock, ahead: float
) -> None:
    signs.ahead = ahead
    assert f"Certificate for {SHOP} until" in await provisioned()
    assert (await done(reconcile, stack="shop")).startswith("nothing to do")
    assert (known()[SHOP].since, signs.orders) == (NOW + ahead, [SHOP])


@pytest.mark.parametrize(
    ("error", "times"),
    [
        (AuthorityAway("the authority ca does not answer (ConnectTimeout)."), 1),
        (TransientError("the authority ca failed: It says serverInternal."), 3),
    ],
)
async def test_one_host_waits_for_an_authority_that_is_away_and_an_error_of_one_order_holds_up_no_other(
    home: Path, signs: TestAuthority, clock: Clock, monkeypatch: pytest.MonkeyPatch, error: TransientError, times: int
) -> None:
    monkeypatch.setattr(engine, "begin_order", engine.begin_order.with_options(retries=0))
    asked = []

    def fails(at: str) -> None:
        asked.append(at)
        raise error

    signs.fails = fails
    message = await provisioned(SHOP, BLOG, "docs.example.com")
    assert message.count(str(error).removeprefix("the ")) == 3
    assert asked == ["account"] * times
    assert {state.failures for state in known().values()} == {1}


async def test_one_wrong_name_holds_up_no_other_and_the_old_certificate_stays(
    home: Path, signs: TestAuthority, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(host: str, token: str, answer: str) -> None:
        if host == BLOG:
            raise CertificateRefused(f"{BLOG} leads to 192.0.2.7.", reached=False, stands=True)

    monkeypatch.setattr(fetch, "ask_name", asked)
    await provisioned(SHOP, BLOG)
    assert (known()[SHOP].version, known()[BLOG].version) == (1, None)
    clock.moment += 61 * DAY
    monkeypatch.setattr(fetch, "ask_name", lambda host, *_: asked(BLOG, "", ""))
    message = await done(reconcile, stack="shop")
    assert f"Certificate for {SHOP} until" in message
    assert "Fetching it failed once" in message
    assert known()[SHOP].version == 1


async def test_another_authority_is_asked_at_once_and_the_certificate_before_serves_meanwhile(
    home: Path, signs: TestAuthority
) -> None:
    await provisioned()
    await provisioned(directory="https://other.example.com/directory")
    assert signs.orders == [SHOP, SHOP]
    assert (known()[SHOP].version, known()[SHOP].issuer) == (2, "https://other.example.com/directory")
    assert sum(name.startswith("tls-account-") for name in secrets()) == 2


async def test_a_certificate_of_ones_own_serves_until_each_host_has_a_fetched_one(
    home: Path, signs: TestAuthority, clock: Clock, tmp_path: Path
) -> None:
    chain, key = authority().issue(SHOP)
    (tmp_path / "chain.pem").write_text(chain)
    (tmp_path / "key.pem").write_text(key)
    own = {"certificate": str(tmp_path / "chain.pem"), "key": str(tmp_path / "key.pem"), "redirect": 80}
    await done(provision, spec=spec(SHOP, BLOG) | {"tls": own}, source="/srv")
    before = digests(home)["tls"]

    def fails(at: str) -> None:
        raise CertificateRefused("the authority ca refused: no.")

    signs.fails = fails
    assert f"{SHOP} has no fetched certificate yet, and is served with your own" in await provisioned(SHOP, BLOG)
    assert digests(home)["tls"] == before
    signs.fails = lambda at: None
    clock.moment += DAY
    await done(reconcile, stack="shop")
    assert known().keys() == {SHOP, BLOG}
    assert "tls" not in digests(home)
    await done(reconcile, stack="shop")
    assert "tls-certificate" not in secrets(), "a host that is added later must not get it"
