"""The points of the app contract, each with what breaks it."""

import pytest

from infra_specs.installed.contract import contract_checks
from infra_specs.projects.folder import Folder
from infra_specs.stackfile.reading.load import load

pytestmark = pytest.mark.pure

GOOD = {"app.py": "port = os.environ['PORT']\nif path == '/healthz': ok()\n"}
LOCAL, DOCKER = "target: {provider: local}", "target: {provider: docker}"
WEB = "{command: python app.py, port: 8000}"


def points(files: dict[str, str], service: str = WEB, target: str = LOCAL) -> list[tuple[str, str, str]]:
    stack = load(f"name: shop\n{target}\nservices:\n  web: {service}\n")
    checks = contract_checks(Folder("shop", frozenset(files), files), stack)
    return [(check.point.removeprefix("web: "), check.state, f"{check.seen}; {check.advice}") for check in checks]


def test_an_app_that_keeps_it() -> None:
    assert [(point, state) for point, state, _ in points(GOOD)] == [
        ("listens where PORT says", "ok"),
        ("listens on the right address", "ok"),
        ("answers 200 at its health path", "ok"),
        ("ends on SIGTERM", "ok"),
        ("logs to stdout", "ok"),
        ("keeps data where it lasts", "ok"),
        ("migrates before it serves", "ok"),
    ]


@pytest.mark.parametrize(
    ("files", "service", "target", "point", "state", "words"),
    [
        ({"app.py": "'/healthz'"}, WEB, LOCAL, "listens where PORT says", "fault", "neither its command"),
        ({"app.py": "PORT = 1\n'/healthz'\nrun(host='0.0.0.0')"}, WEB, LOCAL, "listens on the right address", "note",
         "listen on 127.0.0.1"),
        (GOOD, "{image: a, command: serve --bind 127.0.0.1:8000, port: 8000}", DOCKER, "listens on the right address",
         "fault", "listen on 0.0.0.0"),
        ({"app.py": "PORT"}, WEB, LOCAL, "answers 200 at its health path", "fault", "no source names /healthz"),
        (GOOD, "{command: python app.py, port: 8000, health: /}", LOCAL, "answers 200 at its health path", "note",
         "a path of its own"),
        (GOOD, "{command: npm start, port: 8000}", LOCAL, "ends on SIGTERM", "note", "start node itself"),
        (GOOD, "{command: \"sh -c 'python app.py'\", port: 8000}", LOCAL, "ends on SIGTERM", "note", "exec"),
        ({**GOOD, "Dockerfile": "FROM a\nCMD python app.py\n"}, "{build: ., port: 8000}", DOCKER, "ends on SIGTERM",
         "note", "write it as a list"),
        ({**GOOD, "log.py": "logging.FileHandler('a.log')"}, WEB, LOCAL, "logs to stdout", "note",
         "log.py logs into a file"),
        ({**GOOD, "db.py": "engine = 'sqlite:///shop.db'"}, WEB, LOCAL, "keeps data where it lasts", "fault",
         "`volumes`"),
        ({**GOOD, "manage.py": ""}, WEB, LOCAL, "migrates before it serves", "note",
         "before: python manage.py migrate"),
        (GOOD, "{command: python app.py, port: 8000, env: {API_TOKEN: abcdefgh}}", LOCAL,
         "keeps secrets out of the file", "fault", "API_TOKEN: {secret: api_token}"),
    ],
)  # fmt: skip
def test_what_breaks_it_is_said_with_what_to_do(
    files: dict[str, str], service: str, target: str, point: str, state: str, words: str
) -> None:
    (broken,) = (found for found in points(files, service, target) if found[1] != "ok")
    assert broken[:2] == (point, state)
    assert words in broken[2]


def test_a_worker_is_asked_for_no_port() -> None:
    assert "listens where PORT says" not in [point for point, _, _ in points({}, "{command: python a.py, replicas: 1}")]
