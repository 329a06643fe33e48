"""What is wrong with a stack, from what is known of it: a fault, just none, and nothing known, for each kind."""

from dataclasses import replace
from datetime import date

import pytest

from infra_specs.alerts.alert import Finding
from infra_specs.alerts.conditions import findings
from infra_specs.alerts.facts import BackupFacts, Machine, Repair, ServiceFacts, StackFacts, Undelivered, Work
from infra_specs.alerts.kinds import CHECK_KINDS, Kind
from infra_specs.stackfile.models.stack import Debt

pytestmark = pytest.mark.pure
NOW = 1_796_126_400.0
DAY = 86_400.0
GB = 2**30


def shop(**changes: object) -> StackFacts:
    return replace(StackFacts("shop", NOW, today=date(2026, 12, 1)), **changes)  # type: ignore[arg-type]


def web(**changes: object) -> StackFacts:
    usual = ServiceFacts(desired=3, serving=3, requests=1000, errors=0, limited_by="")
    return shop(services={"web": replace(usual, **changes)})  # type: ignore[arg-type]


def debt(expires: date) -> Debt:
    return Debt(what="no tests", why="late", expires=expires, plan="write them", impact="faults")


CASES: list[tuple[Kind, str, StackFacts, bool | None]] = [
    ("no_replica", "web", web(serving=0), True),
    ("no_replica", "web", web(serving=1), False),
    ("no_replica", "web", web(serving=0, desired=0), False),
    ("no_replica", "web", web(serving=None), None),
    ("no_replica", "web", replace(web(serving=0), is_released=False), False),
    ("need", "database", shop(needs={"database": False}), True),
    ("no_replica", "web", replace(web(serving=0, served=NOW - 9), work=Work("provision", NOW - 5)), None),
    ("no_replica", "web", replace(web(serving=0, served=NOW - 2), work=Work("provision", NOW - 5)), True),
    ("no_replica", "web", replace(web(serving=0), work=Work("deploy", NOW - 5)), True),
    ("no_replica", "web", replace(web(serving=0, served=NOW - 2), work=Work("restore", NOW - 5)), None),
    ("no_replica", "web", replace(web(serving=1), work=Work("teardown", NOW - 5)), False),
    ("need", "cache", shop(needs={"cache": False}, work=Work("provision", NOW - 5)), None),
    (
        "need",
        "cache",
        shop(needs={"cache": False}, work=Work("provision", NOW - 5), answered={"cache": NOW}),
        True,
    ),
    ("need", "database", shop(needs={"database": True}), False),
    ("need", "proxy", shop(needs={"proxy": None}), None),
    ("errors", "web", web(errors=50), True),
    ("errors", "web", web(errors=49), False),
    ("errors", "web", web(requests=10, errors=9), False),
    ("errors", "web", web(requests=0, errors=0), False),
    ("errors", "web", web(errors=None), None),
    ("latency", "web", web(latency=0.31, latency_limit=0.3), True),
    ("latency", "web", web(latency=0.3, latency_limit=0.3), False),
    ("latency", "web", web(latency=9, latency_limit=None), False),
    ("latency", "web", web(latency=None, latency_limit=0.3), None),
    ("latency", "web", web(latency=None, latency_limit=0.3, requests=0), False),
    ("at_limit", "web", web(limited_by="maximum"), True),
    ("at_limit", "web", web(limited_by=""), False),
    ("at_limit", "web", web(limited_by=None), None),
    ("unreadable", "", shop(unreadable="no answer"), True),
    ("unreadable", "", shop(), False),
    ("reconcile", "", shop(repair=Repair(2, "no image")), True),
    ("reconcile", "", shop(repair=Repair(1, "no image")), False),
    ("disk", "host", shop(machines={"host": Machine(disk=100 * GB, disk_free=10 * GB)}), True),
    ("disk", "host", shop(machines={"host": Machine(disk=100 * GB, disk_free=11 * GB)}), False),
    ("disk", "host", shop(machines={"host": Machine(disk=4000 * GB, disk_free=100 * GB)}), False),
    ("disk", "host", shop(machines={"host": Machine()}), None),
    ("memory", "host", shop(machines={"host": Machine(memory=100, memory_free=4)}), True),
    ("memory", "host", shop(machines={"host": Machine(memory=100, memory_free=6)}), False),
    ("memory", "host", shop(machines={"host": Machine()}), None),
    ("connections", "", shop(has_database=True, connections=(90, 100)), True),
    ("connections", "", shop(has_database=True, connections=(89, 100)), False),
    ("connections", "", shop(has_database=True), None),
    ("connections", "", shop(), False),
    ("queue", "web", web(lengths=(100.0, 120.0, 150.0)), True),
    ("queue", "web", web(lengths=(100.0, 99.0, 150.0)), False),
    ("queue", "web", web(lengths=(10.0, 20.0, 30.0)), False),
    ("queue", "web", web(lengths=(100.0, 150.0)), False),
    ("queue", "", shop(queue=((90.0,), 100)), True),
    ("queue", "", shop(queue=((89.0,), 100)), False),
    ("queue", "", shop(queue=((30.0, 40.0, 60.0), 100)), True),
    ("queue", "", shop(has_queue=True), None),
    ("queue", "", shop(), False),
    ("certificate", "a.example.com", shop(certificates={"a.example.com": (NOW - 77 * DAY, NOW + 13 * DAY)}), True),
    ("certificate", "a.example.com", shop(certificates={"a.example.com": (NOW - 91 * DAY, NOW - DAY)}), True),
    ("certificate", "a.example.com", shop(certificates={"a.example.com": (NOW - 75 * DAY, NOW + 15 * DAY)}), False),
    ("certificate", "a.example.com", shop(certificates={"a.example.com": (NOW - 3 * DAY, NOW + 3 * DAY)}), False),
    ("budget", "", shop(budget=100.0, month_cost=101.0), True),
    ("budget", "", shop(budget=100.0, month_cost=100.0), False),
    ("budget", "", shop(budget=100.0), None),
    ("budget", "", shop(month_cost=101.0), False),
    ("debt", "no tests", shop(debts=(debt(date(2026, 11, 30)),)), True),
    ("debt", "no tests", shop(debts=(debt(date(2026, 12, 1)),)), False),
    ("debt", "no tests", shop(debts=(debt(date(2026, 12, 2)),)), False),
    ("backup", "", shop(backup=BackupFacts(NOW - 2 * DAY)), True),
    ("backup", "", shop(backup=BackupFacts(NOW - DAY)), False),
    ("backup", "", shop(backup=BackupFacts(NOW - 9 * DAY, proven=NOW - DAY)), False),
    ("backup", "", shop(backup=BackupFacts(NOW - 9 * DAY, proven=NOW - 2 * DAY)), True),
    ("backup", "", shop(backup=BackupFacts(NOW - 9 * DAY, proven=NOW, failure="rows differ")), True),
    ("shrunk", "", shop(backup=BackupFacts(NOW, proven=NOW, shrunk="its rows fell from 10 to 4")), True),
    ("shrunk", "", shop(backup=BackupFacts(NOW, proven=NOW)), False),
    ("undelivered", "slack", shop(undelivered={"slack": Undelivered(2, NOW, "refused")}), True),
]


@pytest.mark.parametrize(("kind", "where", "facts", "expected"), CASES)
def test_each_kind_has_its_fault(kind: Kind, where: str, facts: StackFacts, expected: bool | None) -> None:
    finding = next(finding for finding in findings(facts) if (finding.kind, finding.where) == (kind, where))
    assert finding.is_fault is expected
    if expected:
        assert finding.what.rstrip()
        assert "tenfold" in finding.todo or kind in ("disk", "connections", "queue", "debt")


def test_every_kind_that_a_check_decides_has_a_case() -> None:
    assert {kind for kind, *_ in CASES} == CHECK_KINDS


def test_of_a_stack_that_is_well_nothing_is_a_fault() -> None:
    assert not [finding for finding in findings(web()) if finding.is_fault]


def test_debts_that_begin_alike_are_two_and_those_that_say_the_same_are_the_earliest() -> None:
    late, early = date(2027, 1, 1), date(2026, 1, 1)
    debts = [debt(late).model_copy(update={"what": f"{'x' * 70} {name}", "expires": end})
             for name, end in (("a", early), ("b", late), ("c", early), ("c", late))]  # fmt: skip
    known = {finding.key: finding.is_fault for finding in findings(shop(debts=tuple(debts)))}
    assert [is_fault for (_, kind, _), is_fault in known.items() if kind == "debt"] == [False, True, True]


@pytest.mark.parametrize("name", ["proxy", "database", "cache", "queue"])
def test_a_service_that_is_called_like_a_need_has_an_outage_of_its_own(name: str) -> None:
    facts = replace(web(), services={name: ServiceFacts(desired=1, serving=0)}, needs={name: True})
    known = {finding.key: finding.is_fault for finding in findings(facts)}
    assert known["shop", "no_replica", name] is True
    assert known["shop", "need", name] is False


def test_no_two_findings_are_of_the_same_thing() -> None:
    facts = web()
    keys = [finding.key for finding in findings(replace(facts, needs={"proxy": True, "database": True}))]
    assert len(keys) == len(set(keys))


def test_a_finding_without_a_fault_may_be_compared() -> None:
    assert Finding("shop", "debt", "", False).key == ("shop", "debt", "")
