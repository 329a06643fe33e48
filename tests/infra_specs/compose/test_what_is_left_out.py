"""Nothing of a Compose file is dropped without a word."""

from typing import Any

import pytest
import yaml

from infra_specs.compose.document import compose_document
from infra_specs.compose.import_stack import Imported, import_compose
from infra_specs.compose.moved_draft import moved_draft
from infra_specs.projects.draft import Draft, DraftService
from infra_specs.projects.draft_text import draft_text
from infra_specs.stackfile.reading.load import load

pytestmark = pytest.mark.pure


def imported(text: str) -> Imported:
    return import_compose(compose_document(text, "compose.yaml", {}), {})


def services_of(result: Imported) -> dict[str, Any]:
    text = draft_text(result.draft, "shop", 1000, "schema.json")
    load(text)
    services: dict[str, Any] = yaml.safe_load(text)["services"]
    return services


@pytest.mark.parametrize(
    ("keys", "lost"),
    [
        ("volumes: [{type: tmpfs, target: /t}]", ["volumes `/t`"]),
        ("volumes: [{type: npipe, source: pipe, target: /p}]", ["volumes `pipe`"]),
        ("volumes: [{type: image, source: busybox, target: /i}]", ["volumes `busybox`"]),
        ("volumes: [{type: bind, source: src, target: /s}]", ["volumes `src`"]),
        (r"volumes: ['C:\win:/w']", [r"volumes `C:\win`"]),
        ("volumes: ['data:relative']", ["volumes `data`"]),
        ("volumes: ['data:/d:ro']", ["volumes `data` ro"]),
        ("volumes: [{type: volume, source: data, target: /d, read_only: true}]", ["volumes `data` read_only"]),
        ("volumes: [{type: volume, source: data, target: /d, volume: {subpath: x}}]", ["volumes `data` subpath"]),
        ("healthcheck: {test: 'curl http://localhost:8080/up'}", ["healthcheck.test `http://localhost:8080/up`"]),
        ("healthcheck: {test: 'curl http://localhost/up?x=1'}", ["healthcheck.test `http://localhost/up?`"]),
        ("healthcheck: {test: 'curl http://localhost/up', interval: 5s, timeout: 1s, retries: 3}",
         ["healthcheck.interval", "healthcheck.timeout", "healthcheck.retries"]),
        ("healthcheck: {disable: true}", ["healthcheck"]),
        ("healthcheck: {test: [NONE]}", ["healthcheck"]),
        ("deploy: {mode: global, labels: {a: b}, restart_policy: {condition: any}}",
         ["deploy.labels", "deploy.restart_policy", "deploy.mode"]),
        ("deploy: {resources: {reservations: {memory: 1g}, limits: {pids: 5}}}",
         ["deploy.resources.reservations", "deploy.resources.limits.pids"]),
        ("build: {context: ., secrets: [a], network: host}", ["build.network", "build.secrets"]),
    ],
)  # fmt: skip
def test_a_key_that_is_left_out_is_named(keys: str, lost: list[str]) -> None:
    result = imported(f"services: {{web: {{image: a, ports: ['80:80'], {keys}}}}}")
    assert [entry.path.removeprefix("services.web.") for entry in result.not_carried] == lost


@pytest.mark.parametrize(
    ("ports", "port", "lost"),
    [
        ("['1025:1025', '8025:8025']", 8025, ["ports 1025"]),
        ("['3000-3005:3000-3005']", 3000, ["ports 3001-3005"]),
        ("['9000:9000', '9001:9001']", 9000, ["ports 9001"]),
    ],
)
def test_a_port(ports: str, port: int, lost: list[str]) -> None:
    result = imported(f"services: {{web: {{image: a, ports: {ports}}}}}")
    assert services_of(result)["web"]["port"] == port
    assert [entry.path.removeprefix("services.web.") for entry in result.not_carried] == lost


def test_what_of_the_whole_file_is_left_out_is_named() -> None:
    result = imported(
        "foo: 1\nvolumes: {My_Data: {name: other}}\n"
        "services:\n  web: {image: a, ports: ['80:80']}\n  api: {image: b, ports: ['5001:80']}\n"
        "  worker: {image: c, healthcheck: {test: x}}\n"
    )
    assert [entry.path for entry in result.not_carried] == [
        "services.api.ports 5001", "services.worker.healthcheck", "foo", "volumes.My_Data",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("deploy: {replicas: 0}", {"image": "a", "replicas": 0}),
        ("scale: 0", {"image": "a", "replicas": 0}),
        ("entrypoint: '', command: [a, b]", {"image": "a", "command": ["a", "b"], "replicas": 1}),
        ("build: {context: ., args: {A: null, B: true}}",
         {"build": {"context": ".", "args": {"A": "", "B": "true"}}, "replicas": 1}),
    ],
)  # fmt: skip
def test_a_value_is_as_compose_takes_it(keys: str, expected: dict[str, Any]) -> None:
    image = "" if "build" in keys else "image: a, "
    assert services_of(imported(f"services: {{web: {{{image}{keys}}}}}"))["web"] == expected


MIGRATED = """\
services:
  web:
    build: .
    ports: ["80:80"]
    depends_on: {migrate: {condition: service_completed_successfully}}
  migrate: {build: ., command: [migrate, now], restart: "no"}
"""


def test_what_ends_before_a_service_starts_is_its_before() -> None:
    result = imported(MIGRATED)
    services = services_of(result)
    assert list(services) == ["web"]
    assert (services["web"]["before"], services["web"]["entrypoint"]) == (["migrate", "now"], "image")
    assert result.not_carried == ()


def test_one_of_another_image_is_named() -> None:
    result = imported(MIGRATED.replace("migrate: {build: .", "migrate: {image: other"))
    assert list(services_of(result)) == ["web", "migrate"]
    assert "services.web.depends_on.migrate" in [entry.path for entry in result.not_carried]


@pytest.mark.parametrize(
    ("build", "folder", "expected"),
    [
        (".", "/p", "sub"),
        ("./api", "/p", "./sub/api"),
        ("../x", "/p", "x"),
        (".", "/p/sub", "."),
        (".", "/p/other", "/p/sub"),
        ("https://example.com/x.git", "/p", "https://example.com/x.git"),
    ],
)
def test_a_folder_starts_at_the_file_that_is_written(build: str, folder: str, expected: str) -> None:
    draft = Draft((DraftService("web", {"build": build}), DraftService("api", {"build": {"context": build}})), "docker")
    moved = moved_draft(draft, "/p/sub", folder)
    assert [service.keys["build"] for service in moved.services] == [expected, {"context": expected}]


def test_a_process_runs_in_the_folder_of_its_procfile() -> None:
    draft = Draft((DraftService("web", {"command": "a"}),), "local")
    assert moved_draft(draft, "/p/sub", "/p").services[0].keys["folder"] == "sub"
