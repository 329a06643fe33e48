"""What is read from good specs, from data, and from the ledger."""

import json
from datetime import date
from typing import Any

import pytest

from infra_specs.errors import SpecError
from infra_specs.stackfile.models.needs import Cache, Database
from infra_specs.stackfile.models.service import Bounds, FromNeed, Secret
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Local
from infra_specs.stackfile.reading.load import from_data, load, stored

pytestmark = pytest.mark.pure

HEAD = "name: shop\ntarget: {provider: memory}\n"
LEAST: dict[str, Any] = {"name": "shop", "target": {"provider": "memory"}, "services": {"web": {"command": "app"}}}


def web(lines: str) -> Any:
    return load(f"{HEAD}services:\n  web: {{command: app, {lines}}}\n").services["web"]


def test_a_short_file_is_complete() -> None:
    stack = load("name: shop\ntarget: {provider: local}\nservices: {web: {command: python app.py}}\n")
    assert stack.target == Local(provider="local")
    assert stack.services["web"].command == ["python", "app.py"]
    assert (stack.headroom, stack.users.monthly, stack.needs.database) == (10, 1000, None)


def test_short_and_long_forms_mean_the_same() -> None:
    short = load(HEAD + "services: {web: {command: python 'my app.py', replicas: 3}}\nneeds: {database: postgres}\n")
    long = load(
        HEAD + "services: {web: {command: [python, my app.py], replicas: {min: 3, max: 3}}}\n"
        "needs: {database: {engine: postgres}}\n"
    )
    assert short == long
    assert (short.services["web"].replicas, short.needs.database) == (Bounds(min=3, max=3), Database())


def test_units_are_read() -> None:
    stack = load(
        HEAD + "services: {web: {command: a}}\nneeds: {cache: {memory: 1.5GB}}\n"
        "users: {session_length: 3m, response_time: 250 ms}\n"
    )
    assert stack.needs.cache == Cache(memory=1610612736)
    assert (stack.users.session_length, stack.users.response_time) == (180, 0.25)


def test_numbers_of_an_environment_are_kept_as_they_are_written() -> None:
    env = web("env: {VERSION: 1.10, ZIP: 01234, TIME: 12:30, MILLION: 1_000_000, DAY: 2027-01-31, EMPTY: ''}").env
    assert env == {
        "VERSION": "1.10", "ZIP": "01234", "TIME": "12:30", "MILLION": "1_000_000", "DAY": "2027-01-31", "EMPTY": "",
    }  # fmt: skip


def test_a_number_in_a_command_is_a_word() -> None:
    stack = load(HEAD + "services: {web: {command: [python, -m, http.server, 8000]}}\n")
    assert stack.services["web"].command == ["python", "-m", "http.server", "8000"]


def test_secrets_and_references_are_told_from_texts() -> None:
    stack = load(
        HEAD + "services: {web: {command: a, env: {A: b, B: {secret: s}, C: {from: database.host}}}}\n"
        "needs: {database: postgres}\n"
    )
    assert stack.services["web"].env == {"A": "b", "B": Secret(secret="s"), "C": FromNeed(**{"from": "database.host"})}


def test_an_alias_repeats_a_value() -> None:
    stack = load(HEAD + "services:\n  a: &all {command: x, capacity: 3}\n  b: *all\n")
    assert stack.services["a"] == stack.services["b"]


def test_yes_and_no_are_true_and_false_where_those_are_meant() -> None:
    assert web("port: 8000, public: yes").public is True
    assert web("public: no").public is False


def test_a_day_is_a_day_with_and_without_quotes() -> None:
    for day in ("2027-01-31", "'2027-01-31'"):
        debts = f"debts: [{{what: a, why: b, expires: {day}, plan: c, impact: d}}]\n"
        assert load(HEAD + "services: {web: {command: a}}\n" + debts).debts[0].expires == date(2027, 1, 31)


def test_json_is_yaml() -> None:
    assert load(json.dumps(LEAST)) == from_data(LEAST)


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert load("\ufeff" + json.dumps(LEAST)) == from_data(LEAST)


def test_a_great_headroom_with_its_sentence_is_accepted() -> None:
    stack = load(HEAD + "services: {web: {command: a}}\nheadroom: 200\nheadroom_because: It is shown on television\n")
    assert stack.headroom == 200


def test_routes_that_differ_in_host_or_path_and_workers_do_not_clash() -> None:
    load(
        HEAD + "services:\n  a: {command: a, port: 80}\n  b: {command: b, port: 80, route: {path: /b}}\n"
        "  c: {command: c, port: 80, route: {host: c.example.com}}\n  d: {command: d}\n  e: {command: e}\n"
    )


def test_a_variable_is_free_when_tenfold_does_not_set_it() -> None:
    assert web("env: {DATABASE_URL: mine, CACHE_URL: mine}").env["DATABASE_URL"] == "mine"


def test_the_source_is_named_in_every_fault() -> None:
    with pytest.raises(SpecError, match=r"^shop/prod\.yaml:1: target: required"):
        load("name: shop\nservices: {web: {command: a}}\n", "shop/prod.yaml")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "the request: found nothing, must be a mapping with `name`, `target` and `services`."),
        ([], "the request: found a list, must be a mapping with `name`, `target` and `services`."),
        (LEAST | {"budgt": 5}, "the request: budgt: unknown key. Did you mean `budget`? Allowed here: alerts, backup, "
         "budget, debts, debts_block, headroom, headroom_because, jobs, name, needs, services, target, timeouts, tls, "
         "trust_proxies, "
         "users, version."),
        (LEAST | {"budget": 10**5000}, "the request: budget: found a number of too many digits: at most 18 are "
         "allowed."),
        (LEAST | {"budget": float("nan")}, "the request: budget: found nan, must be a finite number."),
        (LEAST | {"budget": True}, "the request: budget: found true, must be a number."),
        (LEAST | {"budget": b"5"}, "the request: budget: found a value of the type bytes, which JSON does not have."),
        (LEAST | {5: 5}, "the request: found a key of the type int; a key is a text."),
        (LEAST | {"name": "a\0"},
         "the request: name: holds a character that no text may hold (NUL, or half of a pair)."),
        (LEAST | {"needs": {"database": {"memory": "9" * 400 + "GB"}}},
         "the request: needs.database.memory: found `" + "9" * 39 + "…`: too large a number."),
    ],
)  # fmt: skip
def test_data_is_refused_without_lines(data: object, message: str) -> None:
    with pytest.raises(SpecError) as refused:
        from_data(data, "the request")
    assert str(refused.value) == message


def test_data_that_holds_itself_is_refused() -> None:
    data: dict[str, Any] = dict(LEAST)
    data["needs"] = data
    with pytest.raises(SpecError, match="nested more than 50 deep"):
        from_data(data)


FULL = """
name: shop
target: {provider: local, port: 8080}
services:
  web:
    command: python web.py
    port: 8000
    replicas: {min: 2}
    env: {A: b, B: {secret: s}, C: {from: database.host}}
needs: {database: {memory: 1GB}, cache: valkey}
debts: [{what: a, why: b, expires: 2027-01-31, plan: c, impact: d}]
"""


def test_what_is_stored_is_read_back_equal() -> None:
    stack = load(FULL)
    assert stored(json.loads(stack.model_dump_json())) == stack
    assert stored(stack.model_dump(mode="json")) == stack
    assert from_data(stack.model_dump(mode="json")) == stack


def test_stored_keys_of_another_version_are_left_out_at_every_depth() -> None:
    stack = load(FULL)
    data = stack.model_dump(mode="json")
    data["later"] = 1
    data["services"]["web"]["later"] = {"x": 1}
    data["needs"]["database"]["later"] = 1
    data["target"]["later"] = 1
    data["services"]["web"]["env"]["B"]["later"] = 1
    assert stored(data) == stack


def test_a_stored_stack_that_cannot_be_read_is_a_spec_error() -> None:
    with pytest.raises(SpecError, match="the stored stack: name: required"):
        stored({"target": {"provider": "memory"}, "services": {"web": {"command": "a"}}})
    with pytest.raises(SpecError, match="the stored stack: found nothing"):
        stored(None)


def test_models_and_their_dumps_agree_without_the_reader() -> None:
    stack = load(FULL)
    assert Stack.model_validate(stack.model_dump()) == stack


def test_a_build_is_a_folder_or_its_settings_and_what_is_kept_has_the_image_that_it_made() -> None:
    short = load(HEAD + "services: {web: {build: app}}").services["web"].build
    assert short == load(HEAD + "services: {web: {build: {context: app, args: {}}}}").services["web"].build
    long = load(HEAD + "services: {web: {build: {target: web, args: {VERSION: 1.10, N: 3}}}}").services["web"].build
    assert long is not None
    assert (long.context, long.dockerfile, long.args) == (".", "Dockerfile", {"VERSION": "1.10", "N": "3"})
    stored_spec = LEAST | {
        "services": {"web": {"build": {"context": "app"}, "image": f"sha256:{'0' * 64}", "entrypoint": None}}
    }
    assert stored(stored_spec) == from_data(stored_spec)


def test_names_that_an_earlier_version_took_stay_readable() -> None:
    service = {"command": "app", "image": "Shop:1"}
    stored_spec = {**LEAST, "services": {"web-": service, "web": service, "web-0": service}}
    assert set(stored(stored_spec).services) == {"web-", "web", "web-0"}
    with pytest.raises(SpecError, match="must not end in a dash"):
        from_data(stored_spec)
