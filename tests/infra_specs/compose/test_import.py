"""Common Compose files as stack files. A case is two files: `NAME.yaml`, and what is expected in `NAME.stack.yaml`."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra_specs.compose.document import compose_document
from infra_specs.compose.import_stack import Imported, import_compose
from infra_specs.errors import SpecError
from infra_specs.projects.draft_text import draft_text
from infra_specs.stackfile.reading.load import load

pytestmark = pytest.mark.pure

FILES = Path(__file__).parent / "files"
CASES = sorted(path.stem.removesuffix(".stack") for path in FILES.glob("*.stack.yaml"))


def imported(text: str, expected: dict[str, Any] | None = None, *profiles: str) -> Imported:
    given = expected or {}
    document = compose_document(text, "compose.yaml", given.get("variables", {}))
    return import_compose(document, given.get("env_files", {}), profiles)


def case(name: str) -> tuple[Imported, dict[str, Any]]:
    expected = yaml.safe_load((FILES / f"{name}.stack.yaml").read_text(encoding="utf-8"))
    return imported((FILES / f"{name}.yaml").read_text(encoding="utf-8"), expected), expected


@pytest.mark.parametrize("name", CASES)
def test_a_file_becomes_a_stack_and_the_rest_is_named(name: str) -> None:
    result, expected = case(name)
    text = draft_text(result.draft, "shop", 1000, "schema.json")
    stack, data = load(text), yaml.safe_load(text)
    assert stack.target.provider == "docker"
    assert data["target"] == expected["target"]
    assert data["services"] == expected["services"]
    assert data.get("needs", {}) == expected["needs"]
    assert [lost.path for lost in result.not_carried] == expected["not_carried"]


@pytest.mark.parametrize("name", CASES)
def test_each_key_that_is_left_out_has_a_reason_and_an_advice(name: str) -> None:
    for lost in case(name)[0].not_carried:
        assert lost.why
        assert lost.instead
        assert str(lost).startswith(f"{lost.path}: ")


@pytest.mark.parametrize("name", CASES)
def test_no_value_of_a_secret_is_in_the_file(name: str) -> None:
    text = draft_text(case(name)[0].draft, "shop", 1000, "schema.json")
    for secret in ("hunter22", "sk_live_123456", "examplepass", "secret99", "admin123", "asecretvalue"):
        assert secret not in text


def test_a_profile_that_is_asked_for_is_there() -> None:
    text = (FILES / "celery.yaml").read_text(encoding="utf-8")
    services = [service.name for service in imported(text, None, "debug").draft.services]
    assert services == ["web", "worker", "beat", "flower"]


WEB = "services: {web: {image: a, ports: ['80:80']"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: shop\ntarget: {provider: local}\n",
         "compose.yaml is no compose file: it has no `services` with a mapping for each."),
        ("just text", "compose.yaml is no compose file: it has no `services` with a mapping for each."),
        ("services: {}", "compose.yaml is no compose file: it has no `services` with a mapping for each."),
        ("services:\n  web: [",
         "compose.yaml, line 2 is no YAML: expected the node content, but found '<stream end>'."),
        (WEB + "}, api: {image: b, ports: ['0.0.0.0:80:8000']}}",
         "compose.yaml: services.web and services.api both publish port 80, and one machine has it once. Give one "
         "of them another."),
        ("services: {web: {image: 'shop:${TAG}'}}",
         "compose.yaml: services.web uses ${TAG}, which is not set. Set it in .env beside the file or in this shell, "
         "or write a default: ${TAG:-value}."),
        ("services: {web: {image: a, environment: {URL: 'http://${HOST}/'}}}",
         "compose.yaml: services.web uses ${HOST}, which is not set. Set it in .env beside the file or in this shell, "
         "or write a default: ${HOST:-value}."),
        ("services: {web: {image: a, ports: ['http']}}",
         "compose.yaml: services.web.ports has 'http', which is no port. Write it like 8080:80."),
        ("services: {web: {image: a, env_file: [no.env]}}",
         "compose.yaml: services.web.env_file names no.env, which is not there."),
        ("services: {db: {image: 'postgres:16'}}",
         "compose.yaml has no service that a stack runs: all of them are left out."),
    ],
)  # fmt: skip
def test_what_is_none_is_refused_in_a_sentence(text: str, message: str) -> None:
    with pytest.raises(SpecError) as refused:
        imported(text)
    assert str(refused.value).replace("\n", " ") == message


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("network_mode: host",
         "services.web.network_mode: containers run in the stack's own network, never in the machine's. Instead: give "
         "the port that it listens at as `port`, and `public: true` if others shall reach it."),
        ("privileged: true",
         "services.web.privileged: a container with every right of the machine is never started. Instead: give the "
         "service what it needs as a volume or a secret, or run it outside of the stack."),
        ("volumes: ['/:/host']",
         "services.web.volumes `/`: all files of the machine would be in the container's hands, so it is never "
         "mounted. Instead: name the folders that it needs, and keep their data in `volumes`."),
        ("brand_new: 1", "services.web.brand_new: a stack file has no such key. Instead: leave it out."),
    ],
)  # fmt: skip
def test_the_sentence_of_a_key(key: str, sentence: str) -> None:
    result = imported(f"services: {{web: {{image: a, {key}}}}}")
    assert [str(lost) for lost in result.not_carried] == [sentence]
