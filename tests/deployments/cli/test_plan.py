"""`tenfold plan`: its exact text, its JSON, and its refusals."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from deployments.cli.installation import Installation
from deployments.cli.views import debts as presenting
from infra_specs.resources.instance import Health
from tasks.ledger import Owner
from tasks.providers.memory import MemoryProvider
from tests.deployments.cli.cli import Cli

FIRST = """\
shop on memory: 8 to create, 0 unchanged

Sizing
  200,000 users x 8 sessions a month / 2,592,000 s  = 0.6173 sessions/s
  0.6173 sessions/s x 3m                            = 111.1 users at once
  0.6173 sessions/s x 20 requests                   = 12.35 requests/s
  12.35 requests/s x 200ms x peak 3                 = 7.407 requests in flight: today's demand
  web: 7.407 in flight / (4 x 0.7)                  = 3 replicas today
  web: 10 x 7.407 in flight / (4 x 0.7)             = 27 replicas at the design capacity
  database: 10 connections x 27 replicas of web at most + 20 spare: 290, rounded up to 512; 4GB of memory
  database: more than 200 connections: a pooler between (PgBouncer, pool_mode transaction, \
max_client_conn 270, default_pool_size 75) would need 95 in place of 290, \
and 1GB of memory in place of 4GB; or lower `pool`
  database: 512GB of storage for 2,000,000 users x 256KB
  cache: 128MB of memory for 1,111 users at once x 64KB
  cache: it forgets the least used when full, and everything when it ends; jobs belong in `queue: valkey`

Price
  $22.50 a month today, $202.50 at the design capacity, budget $100
  nothing runs; give the target a price_per_replica to try budgets out (2026-11-22)

Plan
  wave 1  +  volume/database  missing
          +  cache/main       missing
          +  proxy/main       missing
  wave 2  +  database/main    missing
  wave 3  +  replica/web-0    missing
          +  replica/web-1    missing
          +  replica/web-2    missing
  wave 4  +  route/web        missing
"""


def test_a_first_plan_reads_exactly_so(cli: Cli, file: Path) -> None:
    assert cli.text("plan", "shop.yaml") == FIRST


def test_a_plan_says_what_is_changed_removed_and_left(
    cli: Cli, file: Path, provisioned: Callable[[], object], world: MemoryProvider
) -> None:
    provisioned()
    world.set_health("shop", "replica/web-1", Health("failed", "exited with 1", 0.0))
    file.write_text(file.read_text().replace("THEME: plain", "THEME: dark"))
    output = cli.text("plan", "shop.yaml").partition("\nPlan\n")[2]
    assert output == (
        "  wave 1  +  replica/web-0  env changed\n"
        "          +  replica/web-1  exited with 1\n"
        "          +  replica/web-2  env changed\n"
        "  wave 2  ~  route/web      follows replica/web-0\n"
        "  wave 3  -  replica/web-0  replaced\n"
        "          -  replica/web-2  replaced\n"
        "  left    !  replica/web-1  sick, kept for its log: exited with 1\n"
    )


def test_a_stack_is_planned_by_its_name_as_it_was_last_wanted(cli: Cli, provisioned: Callable[[], object]) -> None:
    provisioned()
    assert cli.text("plan", "shop").endswith("\nPlan\n  nothing to do: 8 as wanted\n")


def test_data_is_one_document_with_plan_sizing_and_price_and_no_secret(
    cli: Cli, file: Path, provisioned: Callable[[], object], installation: Installation
) -> None:
    provisioned()
    file.write_text(file.read_text().replace("THEME: plain", "THEME: dark"))
    document = cli.json("plan", "shop.yaml")
    assert document["plan"]["waves"][0][0]["text"] == "+ replica/web-0 (env changed)"
    assert document["sizing"]["services"]["web"]["today"] == 3
    assert document["price"]["today"] == 22.5
    for secret in ("database-password", "cache-password"):
        value = installation.ledger.secrets.value("shop", secret, 1)
        assert value not in cli.text("plan", "shop.yaml", "--json")
        assert secret in cli.text("plan", "shop.yaml", "--json")


def test_debts_say_how_long_they_have(cli: Cli, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presenting, "today", lambda: date(2026, 11, 22))
    debt = "{what: %s, why: Nobody waits, expires: %s, plan: Mend it, impact: Mail is late}"
    text = f"debts:\n  - {debt % ('Old', '2026-11-10')}\n  - {debt % ('New', '2026-11-23')}\n"
    file.write_text(file.read_text() + text)
    debts = cli.text("plan", "shop.yaml").partition("Debts\n")[2].partition("\n\nPlan")[0]
    assert debts == (
        "  !  1  Old  expired 12 days ago\n"
        "        why: Nobody waits\n        plan: Mend it\n        impact: Mail is late\n"
        "  ·  2  New  until 2026-11-23, 1 day left\n"
        "        why: Nobody waits\n        plan: Mend it\n        impact: Mail is late"
    )


def test_over_the_budget_is_shown_and_refused(cli: Cli, file: Path) -> None:
    file.write_text(file.read_text().replace("budget: 100", "budget: 20"))
    result = cli("plan", "shop.yaml")
    assert result.code == 2
    assert "$22.50 a month today" in result.out
    assert result.err == (
        "shop: this costs $22.50 a month and the budget is $20. Raise `budget`, lower the replicas, or give the "
        "services more `capacity`.\n"
    )


def test_a_file_with_faults_is_refused_with_all_of_them(cli: Cli, home: Path) -> None:
    Path("x.yaml").write_text(
        "name: x\ntarget: {provider: memory}\nservices: {web: {command: run, prot: 80}}\nheadrom: 3"
    )
    result = cli("plan", "x.yaml")
    assert (result.code, result.out) == (2, "")
    assert "x.yaml:3: services.web.prot" in result.err
    assert "x.yaml:4: headrom" in result.err


@pytest.mark.parametrize(
    ("argument", "code", "error"),
    [
        ("no.yaml", 2, "There is no file no.yaml.\n"),
        ("./", 2, "./ is a folder, not a file.\n"),
        (
            "nobody",
            2,
            "There is no file nobody here. No stack is called `nobody`. Known: none yet. Give its file to "
            "`tenfold provision` first.\n",
        ),
    ],
)
def test_a_missing_file_or_stack_is_refused(cli: Cli, argument: str, code: int, error: str) -> None:
    result = cli("plan", argument)
    assert (result.code, result.out, result.err) == (code, "", error)


def test_a_file_that_is_no_text(cli: Cli, home: Path) -> None:
    Path("x.yaml").write_bytes(b"\xff\xfe\x00")
    assert cli("plan", "x.yaml").err == "x.yaml cannot be read: it is not UTF-8 text.\n"


def test_a_secret_that_is_not_set_is_asked_for(cli: Cli, file: Path) -> None:
    file.write_text(file.read_text().replace("THEME: plain", "KEY: {secret: stripe}"))
    result = cli("plan", "shop.yaml")
    assert result.code == 2
    assert "tenfold secret set shop stripe" in result.err


def test_a_key_that_does_nothing_is_a_note(cli: Cli, file: Path) -> None:
    file.write_text(file.read_text().replace("THEME: plain}", "THEME: plain}, scaling: {cpu: 0.5}"))
    note = (
        "services.web.scaling.cpu does nothing, for nothing measures it. "
        "Give services.web.scaling.metrics.cpu a query, or leave it out."
    )
    notes = cli.text("plan", "shop.yaml").partition("\nNotes\n")[2].partition("\n\nPlan")[0]
    assert " ".join(notes.split()) == note
    assert cli.json("plan", "shop.yaml")["notes"] == [note]


def test_plan_and_provision_refuse_a_changed_target_in_the_same_words(
    cli: Cli, file: Path, provisioned: Callable[[], object], installation: Installation
) -> None:
    provisioned()
    file.write_text(file.read_text().replace("{provider: memory, price_per_replica: 7.5}", "{provider: local}"))
    refusal = (
        "shop runs on target memory, and the spec says local. A target is not changed in place, and no data moves by "
        "itself. Give the stack on local another name; or write memory again to go on with this one.\n"
    )
    for verb in ("plan", "provision"):
        result = cli(verb, "shop.yaml")
        assert (result.code, result.out, result.err) == (2, "", refusal)
    lease = installation.ledger.locks.acquire("shop", Owner.here("teardown"), 60)
    installation.ledger.stacks.mark_torn_down(lease)
    result = cli("plan", "shop.yaml")
    assert result.err.startswith("shop was torn down on target memory, with its data, and the spec says local.")
    assert "delete-data" not in result.err


def test_a_stack_that_was_renamed_in_its_file_is_said_to_be_another_one(
    cli: Cli, file: Path, provisioned: Callable[[], object]
) -> None:
    provisioned()
    note = (
        "From this folder shop runs already, and no file here is called so any more. If you renamed it, store is a "
        "second stack beside it, without its data: write the old name again to go on with the first."
    )
    old = file.read_text()
    file.write_text(old.replace("name: shop", "name: store"))
    assert cli.json("plan", "shop.yaml")["notes"][0] == note
    Path("other.yaml").write_text(old)
    assert cli.json("plan", "shop.yaml")["notes"] == [], "another file has that stack"
    assert cli.json("plan", "other.yaml")["notes"] == []
