"""`tenfold status`, for people and for programs."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from deployments.cli.installation import Installation
from deployments.cli.views import status as presenting
from deployments.server import control_plane
from deployments.server.program import program_digest
from infra_specs.certificates.host_certificate import HostCertificate, failed
from infra_specs.certificates.validity import day
from infra_specs.desired import manifest_of_file
from infra_specs.resources.instance import Health, Instance, Member
from infra_specs.resources.resource import Resource
from infra_specs.stackfile.models.tls import LETS_ENCRYPT
from tasks.base.clock import now
from tasks.ledger import Owner
from tasks.ledger.locks import utc
from tasks.ledger.runs import End
from tasks.providers.memory import MemoryProvider
from tasks.stack.record import recorded_snapshot
from tests.deployments.cli.cli import Cli

Provision = Callable[[], object]


def test_nothing_yet_says_how_to_begin(cli: Cli) -> None:
    assert cli.text("status") == "Nothing here yet. Begin with: tenfold demo\n"


def test_a_healthy_stack(
    cli: Cli, provisioned: Provision, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    provisioned()
    (run,) = installation.ledger.runs.history("shop", 1)
    changed = run.ended or 0.0
    monkeypatch.setattr(presenting, "now", lambda: changed + 200.4)
    lines = [line.split() for line in cli.text("status").splitlines()]
    assert " ".join(lines[0]) == "shop on memory: 8 of 8 healthy, last changed 3m 20s ago"
    assert lines[1] == ["web", "http://shop.route.web.invalid"]
    assert " ".join(lines[2]) == "No backup yet: one is made every night"
    assert lines[4][:3] == ["●", "cache/main", "healthy"]
    assert lines[4][-1] == "shop.cache.main.invalid:6379"
    assert [line[1] for line in lines[4:12]] == [
        "cache/main", "database/main", "proxy/main", "replica/web-0", "replica/web-1", "replica/web-2", "route/web",
        "volume/database",
    ]  # fmt: skip


def test_a_deploy_is_the_last_change_though_the_file_stays_as_it_was(
    cli: Cli, provisioned: Provision, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    provisioned()
    record = installation.ledger.stacks.find("shop")
    assert record is not None
    monkeypatch.setattr("tasks.ledger.database.now", lambda: record.since + 2460.0)
    ran(installation, "deploy", changes=1)
    monkeypatch.setattr("tasks.ledger.database.now", lambda: record.since + 2490.0)
    ran(installation, "provision", changes=0)
    monkeypatch.setattr(presenting, "now", lambda: record.since + 2520.4)
    assert cli.text("status").splitlines()[0].endswith("last changed 1m ago")


def test_a_timer_that_waits_after_failures_says_until_when(
    cli: Cli, provisioned: Provision, installation: Installation
) -> None:
    provisioned()
    for _ in range(3):
        ran(installation, "reconcile", changes=1, state="failed")
    (failed, *_) = installation.ledger.runs.history("shop", 1)
    until = (failed.ended or 0.0) + 240.0
    said = f"The last 3 runs failed: the timer tries again at {utc(until)} (in "
    output = " ".join(cli.text("status", "shop").split())
    assert said in output
    assert "or now: tenfold reconcile shop. Why: tenfold history shop" in output
    assert cli.json("status")["stacks"][0]["rests_until"] == until
    ran(installation, "reconcile", changes=1)
    assert "tries again" not in cli.text("status")


def test_an_address_that_the_timer_leaves_alone_is_named_and_the_stack_is_not(
    cli: Cli, provisioned: Provision, installation: Installation
) -> None:
    provisioned()
    file = manifest_of_file(recorded_snapshot(installation.ledger, "shop"))
    lease = installation.ledger.locks.acquire("shop", Owner.here("provision"), 60)
    release = installation.ledger.releases.begin(lease, "provision", "asked for", content=file, file=file)
    installation.ledger.releases.prove(lease, release.number)
    installation.ledger.locks.release(lease)
    ran(installation, "reconcile", changes=1, state="failed", of_changes="failed")
    (failed, *_) = installation.ledger.runs.history("shop", 1)
    until = (failed.ended or 0.0) + 60.0
    output = " ".join(cli.text("status", "shop").split())
    assert f"The repair of replica/web-0 failed: the timer tries again at {utc(until)} (in " in output
    assert "The last" not in output
    told = cli.json("status")["stacks"][0]
    assert (told["rests_until"], told["resting"]) == (None, {"replica/web-0": until})


def ran(installation: Installation, verb: str, *, changes: int, state: End = "done", of_changes: End = "done") -> None:
    """Record a run of so many changes."""
    runs, lease = installation.ledger.runs, installation.ledger.locks.acquire("shop", Owner.here(verb), 60)
    run = runs.begin(lease, verb, "asked for", {"summary": "", "waves": [], "kept": []})
    for _ in range(changes):
        details = {"action": "update", "address": "replica/web-0", "reason": "why", "text": "~ replica/web-0"}
        runs.outcome(lease, runs.intend(lease, run, details), of_changes, "", 0.1)
    runs.finish(lease, run, state, "so it ended")
    installation.ledger.locks.release(lease)


@pytest.mark.parametrize(("started_by", "says"), [("", True), ("0123", True), (program_digest(), False)])
def test_a_control_plane_of_another_version_is_named(
    cli: Cli, provisioned: Provision, monkeypatch: pytest.MonkeyPatch, started_by: str, says: bool
) -> None:
    provisioned()
    plane = control_plane.ControlPlane(4200, "healthy", "healthy", program=started_by)
    monkeypatch.setattr(control_plane, "status", lambda: plane)
    note = (
        "The control plane was started by another version of Tenfold than this command, and works on with that one's "
        "code. To bring it up to date: tenfold server stop, then tenfold server start"
    )
    for words in (("status",), ("server", "status")):
        assert (note in " ".join(cli.text(*words).split())) is says


def test_a_sick_one_says_why_and_what_repairs_it(cli: Cli, provisioned: Provision, world: MemoryProvider) -> None:
    provisioned()
    world.set_health("shop", "replica/web-1", Health("failed", "exited with 1", 0.0))
    output = cli.text("status", "shop")
    assert output.startswith("shop on memory: 7 of 8 healthy")
    assert "Not as wanted: 1 to create, 1 to update, 6 unchanged." in output
    assert "now: tenfold reconcile shop\n" in output
    (sick,) = [line for line in output.splitlines() if "✗" in line]
    assert sick.split()[:3] == ["✗", "replica/web-1", "failed"]
    assert sick.endswith("exited with 1")


def test_a_sick_one_beside_its_healthy_successor_is_history(
    cli: Cli, provisioned: Provision, world: MemoryProvider
) -> None:
    provisioned()
    (old,) = [instance for instance in world.observe("shop") if instance.address == "replica/web-1"]
    world.set_health("shop", "replica/web-1", Health("failed", "exited with 137", 0.0))
    resource = Resource("shop", old.address, "replica", {"command": ["run"]}, digests=old.digests)
    world.create(resource)
    output = cli.text("status", "shop")
    assert output.startswith("shop on memory: 8 of 8 healthy")
    assert "✗" not in output
    kept = output.partition("Kept for its log, and no part of what runs:")[2].split()
    assert kept[:3] == ["·", "replica/web-1", "ended"]
    assert kept[-3:] == ["exited", "with", "137"]
    (shop,) = cli.json("status")["stacks"]
    assert "failed" not in {instance["state"] for instance in shop["instances"]}
    assert [(kept["address"], kept["incarnation"]) for kept in shop["kept_for_log"]] == [("replica/web-1", 1)]


def test_a_run_that_changes_the_stack_is_named(cli: Cli, provisioned: Provision, installation: Installation) -> None:
    provisioned()
    lease = installation.ledger.locks.acquire("shop", Owner.here("scale"), 60)
    assert "  Being changed by scale (" in cli.text("status")
    installation.ledger.locks.release(lease)
    assert "Being changed" not in cli.text("status")


def test_a_run_that_died_is_named(
    cli: Cli, provisioned: Provision, installation: Installation, world: MemoryProvider
) -> None:
    provisioned()
    world.set_health("shop", "replica/web-1", Health("failed", "exited with 1", 0.0))
    lease = installation.ledger.locks.acquire("shop", Owner.here("scale"), 60)
    assert "  Still to do: 1 to create, " in cli.text("status")
    installation.ledger.locks.release(lease)
    installation.ledger.locks.acquire("shop", replace(Owner.here("scale"), started="1"), 60)
    output = cli.text("status")
    assert "  Left unfinished by scale (" in output
    assert "tenfold reconcile shop" in output


def test_torn_down_says_what_is_left_and_how_to_come_back(
    cli: Cli, provisioned: Provision, installation: Installation, world: MemoryProvider
) -> None:
    provisioned()
    installation.ledger.stacks.mark_torn_down(installation.ledger.locks.acquire("shop", Owner.here("teardown"), 60))
    for instance in world.observe("shop"):
        if not instance.stateful:
            world.destroy(instance)
    output = cli.text("status")
    assert output.startswith("shop on memory: torn down ")
    assert "its data is kept; come back with tenfold provision shop\n" in output


def test_a_teardown_that_was_cut_off_is_told_with_what_finishes_it(
    cli: Cli, provisioned: Provision, installation: Installation, world: MemoryProvider
) -> None:
    provisioned()
    lease = installation.ledger.locks.acquire("shop", Owner.here("teardown"), 60)
    installation.ledger.stacks.mark_torn_down(lease)
    for instance in world.observe("shop"):
        if instance.kind == "route":
            world.destroy(instance)
    rest = sum(not instance.stateful for instance in world.observe("shop"))
    assert "still exist" not in cli.text("status")  # it is still at work
    installation.ledger.locks.release(lease)
    expected = f", but {rest} of its resources still exist; finish with tenfold teardown shop\n"
    assert expected in cli.text("status")


def test_as_data_it_has_no_secret(cli: Cli, provisioned: Provision, installation: Installation) -> None:
    provisioned()
    (shop,) = cli.json("status")["stacks"]
    assert (shop["name"], shop["wanted"], shop["lock"], shop["drift"]) == ("shop", True, None, None)
    assert shop["links"] == {"web": "http://shop.route.web.invalid"}
    assert {instance["state"] for instance in shop["instances"]} == {"healthy"}
    assert [instance["address"] for instance in shop["instances"] if instance["holds_data"]] == ["volume/database"]
    everything = cli.text("status", "--json") + cli.text("history", "--json") + cli.text("show", "shop")
    for secret in ("database-password", "cache-password"):
        assert installation.ledger.secrets.value("shop", secret, 1) not in everything


@pytest.mark.parametrize(
    ("left", "warning"),
    [
        (15 * 86_400, ""),
        (9.5 * 86_400, "The certificate for a b expires in 9 days, on 1970-01-10. Renew it."),
        (-1, "The certificate for a b expired on 1969-12-31: browsers refuse it. Renew it."),
    ],
)
def test_a_certificate_is_spoken_of_before_it_ends(left: float, warning: str, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = {"certificate_names": "a b", "certificate_until": str(left)}
    proxy = Instance("shop", "proxy/main", "proxy", "f", 1, Health("healthy", "", 0.0), outputs=outputs)
    monkeypatch.setattr(presenting, "now", lambda: 0.0)
    assert presenting.certificate_warning((proxy,)) == warning


def test_until_when_a_fetched_certificate_is_good_and_what_keeps_another_away(
    cli: Cli, file: Path, provisioned: Provision, installation: Installation
) -> None:
    web = "command: run, port: 80, public: true"
    file.write_text(
        "name: shop\ntarget: {provider: memory}\ntls: {email: ops@example.com}\nservices:\n"
        f"  web: {{{web}, route: {{host: shop.example.com}}}}\n  blog: {{{web}, route: {{host: blog.example.com}}}}\n"
    )
    provisioned()
    lease = installation.ledger.locks.acquire("shop", Owner.here("provision"), 60)
    version = installation.ledger.secrets.set("shop", "tls-certificate-shop.example.com", "pem")
    fetched = HostCertificate("shop.example.com", LETS_ENCRYPT, version, now(), now() + 90 * 86_400.5, now(), 1)
    failing = failed(HostCertificate("blog.example.com"), LETS_ENCRYPT, "It is away.", now(), refused=True)
    for known in (fetched, failing):
        installation.ledger.certificates.put(lease, known)
    installation.ledger.locks.release(lease)
    text = " ".join(cli.text("status", "shop").split())
    assert (
        "blog.example.com has no certificate yet, and is served by plain HTTP. Fetching it failed once: It is" in text
    )
    assert f"Certificate for shop.example.com until {day(fetched.until)} (90 days)." in text
    (stack,) = json.loads(cli.text("status", "shop", "--json"))["stacks"]
    assert [(note["host"], note["until"], note["loud"]) for note in stack["certificates"]] == [
        ("blog.example.com", None, True),
        ("shop.example.com", fetched.until, False),
    ]


def test_an_unknown_stack(cli: Cli, provisioned: Provision) -> None:
    provisioned()
    result = cli("status", "shpo")
    assert (result.code, result.err) == (
        2, "No stack is called `shpo`. Known: shop. Give its file to `tenfold provision` first.\n"
    )  # fmt: skip


def test_a_wrong_setting_is_refused(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENFOLD_HOME", "here")
    result = cli("status")
    assert (result.code, result.err) == (2, "TENFOLD_HOME: must be an absolute path. Found `here`.\n")


def test_of_a_counted_service_it_says_how_many_copies_serve() -> None:
    members = (Member("a", "10.0.0.1:80"), Member("b", "10.0.0.2:80", healthy=False), Member("c", "10.0.0.3:80"))
    service = Instance("shop", "service/web", "service", "f", 1, Health("healthy", "", 0.0), members=members)
    ((_, name, state, _, address),) = presenting._rows((service,))
    assert (str(name), str(state), str(address)) == ("service/web", "healthy", "2 of 3 copies serve")
