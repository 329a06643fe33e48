"""A fault of a pretended shop becomes an alert and one message, and its end another."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import sqlalchemy as sa

from infra_specs.alerts.alert import Alert
from infra_specs.alerts.facts import StackFacts
from infra_specs.alerts.kinds import Kind
from infra_specs.alerts.quiet import Silence
from infra_specs.catalogue.web import CERTIFICATE
from infra_specs.errors import TransientError
from infra_specs.scaling.node_capacity import FreeDisk, FreeMemory
from tasks.alerts.evaluate import evaluate_silence
from tasks.alerts.gather import Surroundings, facts_of
from tasks.alerts.last_changes import past_runs
from tasks.alerts.look import look_at_stacks
from tasks.ledger import Ledger, Owner, StackRecord
from tasks.ledger.tables import releases, runs
from tests.support.certificates import authority
from tests.tasks.alerts.watched import HOOK, Watched, watched
from tests.tasks.autoscaling.scene import Lying


def all_sick(shop: Watched) -> None:
    for instance in shop.world.observe("shop"):
        if instance.kind == "replica":
            shop.health(instance.address, "failed")


def all_well(shop: Watched) -> None:
    for instance in shop.world.observe("shop"):
        shop.health(instance.address, "healthy")


FAULTS: list[tuple[Kind, str, float, Callable[[Watched], None], Callable[[Watched], None]]] = [
    ("no_replica", "web", 60, all_sick, all_well),
    ("need", "proxy", 120, lambda shop: shop.health("proxy/main", "failed"), all_well),
    ("errors", "web", 60, lambda shop: shop.load(requests_per_second=50, latency=0.1, failing=0.5),
     lambda shop: shop.load(requests_per_second=50, latency=0.1)),
    ("latency", "web", 300, lambda shop: shop.load(requests_per_second=5, latency=2.0),
     lambda shop: shop.load(requests_per_second=50, latency=0.1)),
    ("at_limit", "web", 300, lambda shop: shop.load(requests_per_second=5000, latency=0.2),
     lambda shop: shop.load(requests_per_second=50, latency=0.1)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "where", "lasts", "break_it", "mend_it"), FAULTS)
def test_a_fault_is_told_once_and_its_end_once(
    tmp_path: Path, kind: Kind, where: str, lasts: float, break_it: Callable[[Watched], None],
    mend_it: Callable[[Watched], None],
) -> None:  # fmt: skip
    with watched(tmp_path, web={"scaling": {"latency": "1s"}}) as shop:
        assert shop.checks(90) == ()
        break_it(shop)
        broken = shop.shop.at
        alerts = shop.checks(lasts + 60, before=lambda: break_it(shop) if kind in ("no_replica", "need") else None)
        mine = [alert for alert in alerts if alert.kind == kind]
        assert [(alert.where, alert.stack) for alert in mine] == [(where, "shop")]
        assert mine[0].raised is not None
        assert mine[0].raised - broken <= lasts + 60 + 15, "one check, the look of a minute, and its `for`"
        told = [title for title in shop.titles() if not title.startswith("shop: over")]
        assert len(told) == len({due.message.id for due in shop.messages()})
        shop.checks(240, every=30, before=lambda: break_it(shop) if kind in ("no_replica", "need") else None)
        again = [due.message for due in shop.messages() if mine[0].id in due.message.body]
        assert len(again) == 1, "no second message while it is on"
        mend_it(shop)
        assert [alert.kind for alert in shop.checks(900, every=30) if alert.kind == kind] == []
        ends = [due.message for due in shop.messages() if mine[0].id in due.message.body]
        assert len(ends) == 2
        assert "Over: " in ends[1].body


def test_an_hour_of_normal_load_with_ten_releases_is_told_to_nobody(tmp_path: Path) -> None:
    with watched(tmp_path, needs={"database": "postgres", "cache": "valkey"}) as shop:
        for number in range(10):
            shop.load(requests_per_second=40 + 5 * number, latency=0.1, failing=0.001)
            shop.release(reason=f"release {number}")
            assert shop.checks(360, every=30) == ()
        assert shop.messages() == ()
        assert shop.ledger.alerts.listed(ended_since=0) == ()


def test_a_restart_of_what_a_stack_runs_on_is_told_to_nobody(tmp_path: Path) -> None:
    with watched(tmp_path) as shop:
        shop.checks(120)
        for address in [instance.address for instance in shop.world.observe("shop")]:
            shop.health(address, "starting")
        shop.checks(45)
        all_well(shop)
        shop.checks(300, every=30)
        assert shop.ledger.alerts.listed(ended_since=0) == ()


def test_before_its_first_release_is_healthy_a_stack_has_no_outage(tmp_path: Path) -> None:
    with watched(tmp_path) as shop:
        lease = shop.ledger.locks.acquire("shop", Owner.here("teardown"), 1e9)
        shop.ledger.stacks.mark_torn_down(lease)
        shop.ledger.stacks.forget(lease)
        shop.ledger.locks.release(lease)
        shop.shop.want({"name": "shop", "target": {"provider": "memory"},
                        "services": {"web": {"command": "run", "port": 80}}, "alerts": HOOK})  # fmt: skip
        assert shop.checks(300, every=30, before=lambda: all_sick(shop)) == ()


def test_a_message_links_to_the_last_change_and_how_to_undo_it(tmp_path: Path) -> None:
    with watched(tmp_path) as shop:
        shop.checks(120)
        shop.release(reason="web: image shop:4")
        shop.load(requests_per_second=50, latency=0.1, failing=0.9)
        (alert,) = shop.checks(180)
        assert alert.change is not None
        assert (alert.change.verb, alert.change.reason) == ("deploy", "web: image shop:4")
        assert "The last change" in shop.messages()[0].message.body


def errors_of(shop: Watched) -> Alert:
    shop.load(requests_per_second=50, latency=0.1, failing=0.9)
    (alert,) = shop.checks(180)
    return alert


def test_the_undo_of_a_proven_release_is_a_rollback_to_the_one_before(tmp_path: Path) -> None:
    with watched(tmp_path) as shop:
        shop.release(reason="web: image shop:2", image="shop:2")
        shop.release(reason="web: image shop:3", image="shop:3")
        change = errors_of(shop).change
        assert change is not None
        assert (change.reason, change.undo) == ("web: image shop:3", "tenfold rollback shop 2")


def test_a_release_that_was_undone_already_has_no_undo(tmp_path: Path) -> None:
    with watched(tmp_path) as shop:
        shop.release(reason="web: image shop:9", image="shop:9", is_good=False)
        change = errors_of(shop).change
        assert change is not None
        assert (change.verb, change.undo) == ("deploy", "")


def test_a_run_that_no_flow_began_is_no_release_of_another_such_run(tmp_path: Path) -> None:
    with watched(tmp_path) as shop:
        shop.release(reason="web: image shop:2", image="shop:2")
        with_no_flow(shop)
        run = next(run for run in past_runs(shop.ledger, "shop") if run.verb == "deploy")
        assert run.release_before is None


def with_no_flow(shop: Watched) -> None:
    with shop.ledger._database.write() as connection:
        connection.execute(sa.update(runs).values(flow_run_id=None))
        connection.execute(sa.update(releases).values(flow_run_id=None))


def no_answer(*_: object) -> Mapping[str, FreeDisk]:
    raise TransientError("busy")


def test_a_look_that_fails_ends_nothing_and_nothing_is_told_again(tmp_path: Path) -> None:
    with watched(tmp_path) as shop:

        def sick() -> None:
            shop.health("proxy/main", "failed")

        shop.world.set_free_disks(host=FreeDisk(2**30, 40 * 2**30))
        assert {alert.kind for alert in shop.checks(240, before=sick)} == {"need", "disk"}
        told = shop.titles()
        with mock.patch.object(Lying, "free_disks", no_answer):
            assert {alert.kind for alert in shop.checks(75, before=sick)} == {"need", "disk"}
        with mock.patch("tasks.alerts.look._look", no_answer):
            assert {alert.kind for alert in shop.checks(75, before=sick)} == {"need", "disk"}
        assert {alert.kind for alert in shop.checks(150, before=sick)} == {"need", "disk"}
        assert shop.titles() == told


def test_an_outage_that_a_run_makes_on_purpose_is_told_only_if_it_stays(tmp_path: Path) -> None:
    with watched(tmp_path) as shop:
        shop.checks(120)
        for verb in ("teardown", "restore"):
            lease = shop.ledger.locks.acquire("shop", Owner.here(verb), 1e9)
            assert shop.checks(240, before=lambda: all_sick(shop)) == ()
            shop.ledger.locks.release(lease)
            all_well(shop)
            shop.checks(120)
        assert shop.messages() == ()
        lease = shop.ledger.locks.acquire("shop", Owner.here("restore"), 1e9)
        shop.checks(120, before=lambda: all_sick(shop))
        shop.ledger.locks.release(lease)
        assert [alert.kind for alert in shop.checks(120, before=lambda: all_sick(shop))] == ["no_replica"]


def test_a_new_service_has_no_outage_while_its_provision_starts_it(tmp_path: Path) -> None:
    with watched(tmp_path) as shop:
        shop.checks(120)
        record = shop.ledger.stacks.find("shop")
        assert record is not None
        data: dict[str, Any] = dict(record.spec)  # type: ignore[arg-type]
        data["services"] = {**data["services"], "admin": data["services"]["web"]}
        lease = shop.ledger.locks.acquire("shop", Owner.here("provision"), 1e9)
        shop.ledger.stacks.set_desired(lease, "shop", data, "/srv")
        assert shop.checks(300) == ()
        (alert,) = shop.checks(180, before=lambda: all_sick(shop))
        assert (alert.kind, alert.where) == ("no_replica", "web"), "it served since the provision began"
        all_well(shop)
        shop.ledger.locks.release(lease)
        assert {alert.where for alert in shop.checks(120)} >= {"admin"}


def test_a_torn_down_stack_has_no_alerts_and_its_owner_hears_that_they_are_over(tmp_path: Path) -> None:
    with watched(tmp_path) as shop:
        shop.load(requests_per_second=50, latency=0.1, failing=0.9)
        assert shop.checks(180)
        lease = shop.ledger.locks.acquire("shop", Owner.here("teardown"), 1e9)
        shop.ledger.stacks.mark_torn_down(lease)
        shop.ledger.locks.release(lease)
        assert shop.checks(15) == ()
        assert shop.titles()[-1] == "shop: over: errors: web"


def test_what_is_silenced_is_listed_and_told_to_nobody(tmp_path: Path) -> None:
    with watched(tmp_path) as shop:
        shop.ledger.silences.begin(Silence("shop", shop.shop.at, shop.shop.at + 1800, "new disks"))
        shop.load(requests_per_second=50, latency=0.1, failing=0.9)
        assert shop.checks(900, every=60)
        assert shop.messages() == ()
        shop.checks(1200, every=60)
        assert shop.titles() == ["shop: errors: web"]


def test_checks_that_stop_are_told_by_the_watchdog_and_their_return_too(tmp_path: Path) -> None:
    with watched(tmp_path) as shop:
        shop.checks(120)
        fault = "No check came to its end for 60 s."
        (alert,) = evaluate_silence(shop.ledger, fault)
        assert (alert.kind, alert.stack) == ("checks", "shop")
        assert evaluate_silence(shop.ledger, fault) == (alert,)
        assert shop.titles() == ["shop: checks have stopped"]
        for _ in range(8):
            shop.shop.at += 15
            assert evaluate_silence(shop.ledger, None) == (alert,), "it is not known"
        assert evaluate_silence(shop.ledger, ""), "it is over when it stays so"
        shop.checks(120)
        assert evaluate_silence(shop.ledger, "") == ()
        assert shop.titles() == ["shop: checks have stopped", "shop: over: checks have stopped"]


def test_budget_debts_and_backups_are_told(tmp_path: Path) -> None:
    debt = {"what": "no tests", "why": "late", "expires": "2026-11-15", "plan": "write them", "impact": "faults"}
    needs = {"database": "postgres"}
    with watched(tmp_path, budget=1.0, debts=[debt], needs=needs) as shop:
        kinds = {alert.kind for alert in shop.checks(330)}
        assert {"budget", "debt"} <= kinds
        assert "backup" not in kinds, "a backup is due in the night"
        kinds = {alert.kind for alert in _days_later(shop, 2)}
        assert "backup" in kinds
        shop.ledger.backup_results.succeeded("shop", shop.shop.at, "its rows fell from 10 to 4")
        kinds = {alert.kind for alert in shop.checks(120)}
        assert "shrunk" in kinds
        assert "backup" not in kinds


def test_a_full_disk_a_full_memory_and_few_connections_are_told_and_their_ends_too(tmp_path: Path) -> None:
    gigabyte = 2**30
    with watched(tmp_path, needs={"database": "postgres"}) as shop:
        shop.world.set_free_disks(host=FreeDisk(gigabyte, 40 * gigabyte))
        shop.world.set_free_memory(FreeMemory(gigabyte // 10, 8 * gigabyte))
        connections = tmp_path / "memory" / "databases" / "connections"
        connections.parent.mkdir(exist_ok=True)
        connections.write_text("95 100")
        kinds = {alert.kind for alert in shop.checks(450, every=30)}
        assert kinds == {"disk", "memory", "connections"}
        shop.world.set_free_disks(host=FreeDisk(30 * gigabyte, 40 * gigabyte))
        shop.world.set_free_memory(FreeMemory(4 * gigabyte, 8 * gigabyte))
        connections.write_text("5 100")
        assert shop.checks(240, every=30) == ()


def test_what_waits_for_a_service_and_grows_is_told(tmp_path: Path) -> None:
    lengths = iter([100.0 * 1.3**number for number in range(40)])
    with watched(tmp_path) as shop:
        looks = [look_at_stacks([shop.stack], {}, {("shop", "web"): next(lengths)})["shop"]]
        for _ in range(4):
            shop.shop.at += 310
            before = {"shop": looks[-1]}
            looks.append(look_at_stacks([shop.stack], before, {("shop", "web"): next(lengths)})["shop"])
        assert looks[-1].lengths_of("web") == pytest.approx([100.0 * 1.3**number for number in range(5)])
        shop.ledger.looks.put({"shop": looks[-1]})
        assert [alert.kind for alert in shop.checks(15)] == ["queue"]


@pytest.mark.parametrize(("days", "is_told"), [(10, True), (40, False)])
def test_a_certificate_of_the_file_that_ends_is_told(tmp_path: Path, days: int, is_told: bool) -> None:
    with watched(tmp_path, tls={"certificate": "chain.pem", "key": "key.pem"}) as shop:
        today = datetime.fromtimestamp(shop.shop.at, UTC)
        pair = authority(today).issue("shop.example.com", days=days, since_days=-300)
        shop.ledger.secrets.set("shop", CERTIFICATE, "".join(pair))
        alerts = shop.checks(30)
        assert [(alert.kind, alert.where) for alert in alerts] == [("certificate", "shop.example.com")] * is_told


def test_a_queue_that_is_nearly_full_is_told_and_its_end_too(tmp_path: Path) -> None:
    with watched(tmp_path, needs={"queue": "valkey"}) as shop:
        size = tmp_path / "memory" / "queue"
        size.write_text("95 100")
        (alert,) = shop.checks(90, every=30)
        assert (alert.kind, alert.where) == ("queue", "")
        size.write_text("5 100")
        assert shop.checks(240, every=30) == ()


def _days_later(shop: Watched, days: float) -> tuple[Alert, ...]:
    shop.shop.at += days * 86_400
    return shop.checks(120)


def test_failing_repairs_are_told_and_a_good_run_ends_them(tmp_path: Path) -> None:
    with watched(tmp_path) as shop:
        for number in range(2):
            _run(shop, "reconcile", "failed")
            kinds = [alert.kind for alert in shop.checks(60)]
            assert kinds == (["reconcile"] if number else [])
        _run(shop, "reconcile", "done")
        assert shop.checks(120) == ()


def test_repairs_that_fail_once_an_hour_are_one_alert(tmp_path: Path) -> None:
    with watched(tmp_path) as shop:
        for _ in range(8):
            _run(shop, "reconcile", "failed")
            shop.checks(4000, every=500)
        assert [(alert.kind, alert.ended) for alert in shop.ledger.alerts.listed(ended_since=0)] == [
            ("reconcile", None)
        ]
        assert shop.titles() == ["shop: repair fails"]
        assert shop.checks(8000, every=500) == (), "nothing is left to repair"


def _run(shop: Watched, verb: str, end: str) -> None:
    lease = shop.ledger.locks.acquire("shop", Owner.here(verb), 1e9)
    run = shop.ledger.runs.begin(lease, verb, "drift", {"summary": "", "waves": [], "kept": []})
    shop.ledger.runs.finish(lease, run, end, "no image")  # type: ignore[arg-type]
    shop.ledger.locks.release(lease)


def test_a_target_that_is_silent_does_not_end_that_a_service_is_at_its_limit(tmp_path: Path) -> None:
    with watched(tmp_path) as shop:
        shop.load(requests_per_second=5000, latency=0.2)
        assert [alert.kind for alert in shop.checks(420)] == ["at_limit"]
        with (
            mock.patch("tasks.autoscaling.measure._measured", no_answer),
            mock.patch("tasks.alerts.look._look", no_answer),
        ):
            assert [alert.kind for alert in shop.checks(150)] == ["at_limit"]
        shop.checks(420)
        assert shop.titles() == ["shop: scaled to the limit: web"]


def test_an_error_of_one_stack_leaves_the_others_their_alerts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with watched(tmp_path) as shop:
        record = shop.ledger.stacks.find("shop")
        assert record is not None
        data: dict[str, Any] = dict(record.spec)  # type: ignore[arg-type]
        data["name"] = "blog"
        lease = shop.ledger.locks.acquire("blog", Owner.here("provision"), 1e9)
        shop.ledger.stacks.set_desired(lease, "blog", data, "/srv")
        shop.ledger.locks.release(lease)

        def broken(ledger: Ledger, record: StackRecord, around: Surroundings) -> StackFacts:
            if record.name == "blog":
                raise KeyError("later")
            return facts_of(ledger, record, around)

        monkeypatch.setattr("tasks.alerts.evaluate.facts_of", broken)
        shop.load(requests_per_second=50, latency=0.1, failing=0.9)
        alerts = {(alert.stack, alert.kind) for alert in shop.checks(360, every=30)}
        assert alerts == {("shop", "errors"), ("blog", "unreadable")}


def test_a_heartbeat_is_due_only_once_alerts_were_decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with watched(tmp_path) as shop:
        assert shop.ledger.checks.alerts_decided() is None
        shop.checks(15)
        decided = shop.ledger.checks.alerts_decided()
        assert decided == shop.shop.at
        monkeypatch.setattr("tasks.alerts.evaluate._decided", no_answer)
        with pytest.raises(TransientError):
            shop.checks(15)
        last = shop.ledger.checks.last()
        assert last is not None
        assert last.at > decided
        assert shop.ledger.checks.alerts_decided() == decided


def test_quiet_hours_hold_back_errors_and_not_an_outage(tmp_path: Path) -> None:
    with watched(tmp_path, alerts={**HOOK, "quiet": "00:00-23:59 UTC"}) as shop:
        assert datetime.fromtimestamp(shop.shop.at, UTC).hour == 10
        shop.load(requests_per_second=50, latency=0.1, failing=0.9)
        assert [alert.kind for alert in shop.checks(180)] == ["errors"]
        assert shop.messages() == ()
        shop.checks(180, before=lambda: all_sick(shop))
        assert shop.titles() == ["shop: no healthy replica: web"]
