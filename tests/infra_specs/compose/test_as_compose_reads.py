"""A Compose file is read as Compose reads it: durations, variables, `extends`; and its faults name its keys."""

from typing import Any

import pytest
import yaml

from infra_specs.compose.document import compose_document
from infra_specs.compose.faults import in_words_of
from infra_specs.compose.import_stack import Imported, import_compose
from infra_specs.compose.variables import Unset, filled
from infra_specs.errors import SpecError
from infra_specs.projects.draft_text import draft_text
from infra_specs.stackfile.reading.load import load

pytestmark = pytest.mark.pure


def imported(text: str, *profiles: str) -> Imported:
    return import_compose(compose_document(text, "compose.yaml", {}), {}, profiles)


def web(keys: str) -> tuple[dict[str, Any], list[str]]:
    result = imported(f"services: {{web: {{image: a, ports: ['80:3000'], {keys}}}}}")
    text = draft_text(result.draft, "shop", 1000, "schema.json")
    load(text)
    service: dict[str, Any] = yaml.safe_load(text)["services"]["web"]
    return service, [lost.path.removeprefix("services.web.") for lost in result.not_carried]


@pytest.mark.parametrize(
    ("keys", "key", "value", "lost"),
    [
        ("stop_grace_period: 1m30s", "drain", "90s", []),
        ("stop_grace_period: 500ms", "drain", "500ms", []),
        ("stop_grace_period: 2h", "drain", "1h", ["stop_grace_period `2h`"]),
        ("healthcheck: {start_period: 1h30m}", "start", "1h", ["healthcheck.start_period `1h30m`"]),
        ("healthcheck: {start_period: 10us}", "start", "1s", ["healthcheck.start_period `10us`"]),
        ("mem_limit: 4m", "memory", "8MB", ["mem_limit"]),
        ("mem_limit: 1.5g", "memory", "1.5GB", []),
        ("mem_limit: 0", "memory", None, []),
        ("environment: {PORT: '3000'}", "env", None, []),
        ("environment: {PORT: 8080}", "env", None, ["environment.PORT"]),
        ("environment: {A.B: x, 1A: y, OK: z}", "env", {"OK": "z"}, ["environment.A.B", "environment.1A"]),
        ("environment: {TENFOLD_X: y}", "env", None, ["environment.TENFOLD_X"]),
        ("volumes: ['data:/d'], environment: {DATA_DIR: /d}", "env", None, []),
        ("volumes: ['data:/d'], environment: {DATA_DIR: /e}", "env", None, ["environment.DATA_DIR"]),
        ("environment: {EMPTY: , NONE: null}", "env", None, ["environment.EMPTY", "environment.NONE"]),
        ("environment: {API_TOKEN: }", "env", {"API_TOKEN": {"secret": "api_token"}}, []),
    ],
)  # fmt: skip
def test_a_key(keys: str, key: str, value: Any, lost: list[str]) -> None:
    service, paths = web(keys)
    assert (service.get(key), paths) == (value, lost)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A:-${B:-x}}", "x"), ("${SET:-${B:-x}}", "v"), ("${A:-${SET}}", "v"), ("a${A-}b", "ab"), ("$$SET", "$SET"),
        ("$SET-$5", "v-$5"), ("${SET:+${B:-y}}", "y"), ("${A:+y}", ""), ("${EMPTY:-x}", "x"), ("${EMPTY-x}", ""),
    ],
)  # fmt: skip
def test_a_variable(text: str, expected: str) -> None:
    assert filled(text, {"SET": "v", "EMPTY": ""}) == expected


@pytest.mark.parametrize(
    ("text", "name", "message"), [("${A}", "A", ""), ("${A:?give it}", "A", "give it"), ("${A?}", "A", "")]
)
def test_a_variable_without_a_value(text: str, name: str, message: str) -> None:
    with pytest.raises(Unset) as unset:
        filled(text, {})
    assert (str(unset.value), unset.value.message) == (name, message)


def test_a_service_that_extends_one_of_the_file() -> None:
    result = imported(
        "services:\n"
        "  base: {image: a, environment: {A: '1', B: '2'}, command: [x]}\n"
        "  api: {extends: {service: base}, environment: [B=3], command: [y]}\n"
        "  more: {extends: api, image: b}\n"
    )  # fmt: skip
    assert result.draft.services[1].keys["env"] == {"A": "1", "B": "3"}
    assert result.draft.services[1].keys["command"] == ["y"]
    assert result.draft.services[2].keys["image"] == "b"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("services: {w: {extends: {service: b, file: common.yaml}}}",
         "compose.yaml: services.w.extends leads to common.yaml, and one file is read. Run `docker compose config` "
         "first, and import what it prints."),
        ("services: {w: {extends: b}}", "compose.yaml: services.w.extends names b, which is no service of the file."),
        ("services: {w: {extends: b}, b: {extends: w}}",
         "compose.yaml: services.b.extends leads back to w. Leave it out of one of them."),
        ("services: {w: {image: 'a:${T?give a tag}'}}",
         "compose.yaml: services.w uses ${T}, which is not set: give a tag. Set it in .env beside the file or in this "
         "shell, or write a default: ${T:-value}."),
        ("services: {Web_App: {image: a}, web-app: {image: b}}",
         "compose.yaml: services.Web_App and services.web-app would both be called web-app. Call one of them "
         "otherwise."),
        ("services: {w: {command: a}}", "compose.yaml: services.w has no image and no build. Give it one of them."),
        ("services: {w: {image: a, ports: ['99999:80']}}",
         "compose.yaml: services.w.ports has '99999:80', which is no port. Write it like 8080:80."),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpecError) as fault:
        imported(text)
    assert str(fault.value) == message


def test_a_profile_that_the_file_has_not() -> None:
    with pytest.raises(SpecError, match="has no profile nosuch: it has debug"):
        imported("services: {w: {image: a, profiles: [debug]}}", "nosuch")


def test_an_extended_file_that_is_not_needed_is_named() -> None:
    assert web("extends: {service: b, file: common.yaml}")[1] == ["extends `common.yaml`"]


def test_a_fault_names_the_key_of_the_file_and_no_line() -> None:
    fault = SpecError("stack.yaml:13: services.web-app.drain: too long.\nstack.yaml:4:2: name: no name.\nand 3 more.")
    assert str(in_words_of("compose.yaml", {"web-app": "Web_App"}, fault)).splitlines() == [
        "compose.yaml: services.Web_App.stop_grace_period: too long.",
        "compose.yaml: name: no name.",
        "compose.yaml: and 3 more.",
    ]
