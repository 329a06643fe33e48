"""What is wrong with a Compose file is said in a sentence that names the key, whatever its form is."""

import pytest

from infra_specs.compose.amounts import bytes_of, seconds_of
from infra_specs.compose.document import compose_document
from infra_specs.compose.yaml_text import yaml_data
from infra_specs.errors import SpecError

pytestmark = pytest.mark.pure


def refused(text: str) -> str:
    with pytest.raises(SpecError) as fault:
        compose_document(text, "compose.yaml", {})
    return str(fault.value)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("healthcheck: true", "healthcheck must be a mapping."),
        ("command: \"unclosed 'quote\"", "command must be a text whose quotes are closed, or a list of words."),
        ("entrypoint: {a: b}", "entrypoint must be a text whose quotes are closed, or a list of words."),
        ("deploy: {replicas: many}", "deploy.replicas must be a whole number."),
        ("deploy: {replicas: -1}", "deploy.replicas must be a whole number."),
        ("scale: true", "scale must be a whole number."),
        ("deploy: [x]", "deploy must be a mapping."),
        ("deploy: {resources: 5}", "deploy.resources must be a mapping."),
        ("deploy: {resources: {limits: [a]}}", "deploy.resources.limits must be a mapping."),
        ("deploy: {resources: {limits: {cpus: text}}}",
         "deploy.resources.limits.cpus must be a number of processors such as 0.5."),
        ("labels: 7", "labels must be a mapping of names and values, or a list of NAME=value."),
        ("cpus: a few", "cpus must be a number of processors such as 0.5."),
        ("mem_limit: much", "mem_limit must be a size such as 512m."),
        ("env_file: 5", "env_file must be a path or a list of paths."),
        ("env_file: [{required: true}]", "env_file must be a path or a list of paths."),
        ("environment: A=1", "environment must be a mapping of names and values, or a list of NAME=value."),
        ("environment: {A: {x: y}}", "environment must be a mapping of names and values, or a list of NAME=value."),
        ("ports: '80:80'", "ports must be a list such as [8080:80]."),
        ("volumes: {a: /b}", "volumes must be a list such as [data:/srv/data]."),
        ("profiles: debug", "profiles must be a list of names."),
        ("depends_on: 5", "depends_on must be a list or a mapping."),
        ("stop_grace_period: soon", "stop_grace_period must be a duration such as 90s or 1m30s."),
        ("healthcheck: {start_period: [1s]}", "healthcheck.start_period must be a duration such as 90s or 1m30s."),
        ("healthcheck: {test: 5}", "healthcheck.test must be a text or a list of words."),
        ("build: [a]", "build must be a folder or a mapping."),
        ("build: {args: 7}", "build.args must be a mapping of names and values, or a list of NAME=value."),
        ("image: [a]", "image must be a text."),
    ],
)  # fmt: skip
def test_a_key_of_another_form(keys: str, message: str) -> None:
    image = "" if keys.startswith("image") else "image: a, "
    assert refused(f"services: {{w: {{{image}{keys}}}}}") == f"compose.yaml: services.w.{message}"


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("services:\n  w: &a {x-loop: {b: *a}}\n",
         "compose.yaml, line 2: the alias *a is inside of what it stands for."),
        (LAUGHS, "compose.yaml, line 6: it has more than 100,000 keys and values once its aliases are filled in, and "
         "no more is read."),
        ("[" * 60, "compose.yaml, line 1: lists and mappings are 50 deep, and no deeper is read."),
        ("x: " + "a" * 1_200_000, "compose.yaml has 1.2 MB of text; at most 1 MB is read."),
        ("services:\n  w: {image: a}\n  w: {image: b}\n",
         "compose.yaml, line 3: `w` is written twice. Leave one of them out."),
        ("include: [other.yaml]\n", "compose.yaml only includes other files. Run `docker compose config` first, and "
         "import what it prints."),
        ("services: {w: {image: a}}\nvolumes: [a]\n",
         "compose.yaml: volumes must be a mapping of names and what each is."),
        ("web: {image: a}\n", "compose.yaml is of Compose's version 1 format. Put everything in it below `services:`."),
        ("services: {w: {image: !unknown a}}",
         "compose.yaml, line 1 is no YAML: could not determine a constructor for the tag '!unknown'."),
    ],
)  # fmt: skip
def test_a_file_that_is_none_or_too_much(text: str, message: str) -> None:
    assert refused(text) == message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("22:22", "22:22"), ("3306:33", "3306:33"), ("yes", "yes"), ("on", "on"), ("No", "No"),
        ("12:30:45", "12:30:45"),
        ("0755", "0755"), ("2024-01-01", "2024-01-01"), ("1_000", "1_000"), ("true", True), ("5", 5), ("-3", -3),
        ("1.5", 1.5), ("~", None), ("null", None), ("", None), ("'5'", "5"), ("!reset null", None),
        ("!override [a]", ["a"]),
    ],
)  # fmt: skip
def test_scalars_are_read_as_compose_reads_them(text: str, value: object) -> None:
    assert yaml_data(f"a: {text}\n", "compose.yaml") == {"a": value}


def test_anchors_and_merge_keys_are_filled_in() -> None:
    data = yaml_data("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\n", "compose.yaml")
    assert data == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}, "c": {"x": 1, "y": 2}}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1m30s", 90), ("1h30m", 5400), ("500ms", 0.5), ("10us", 1e-5), ("40s", 40), ("1.5h", 5400), ("0", 0),
     ("30", None), ("soon", None), ("1m x", None), ("", None)],
)  # fmt: skip
def test_a_duration(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("text", "size"),
    [("512m", 2**29), ("1gb", 2**30), ("1.5g", 3 * 2**29), ("4M", 4 * 2**20), (1024, 1024), ("64KiB", 65536),
     ("much", None), (True, None)],
)  # fmt: skip
def test_a_size(text: object, size: int | None) -> None:
    assert bytes_of(text) == size
