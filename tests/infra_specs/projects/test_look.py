"""What small projects become; a case is added in projects.yaml without code."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra_specs.errors import SpecError
from infra_specs.projects.draft_text import draft_text
from infra_specs.projects.folder import Folder
from infra_specs.projects.look import look
from infra_specs.stackfile.reading.load import load

pytestmark = pytest.mark.pure

PROJECTS: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "projects.yaml").read_text(encoding="utf-8")
)


def folder(files: dict[str, str]) -> Folder:
    return Folder("my-app", frozenset(files), files)


@pytest.mark.parametrize("case", PROJECTS.values(), ids=list(PROJECTS))
def test_a_project_becomes_a_stack(case: dict[str, Any]) -> None:
    draft = look(folder(case["files"]))
    assert {service.name: dict(service.keys) for service in draft.services} == case["services"]
    assert sorted(draft.needs) == sorted(case["needs"])
    assert [str(guess) for guess in draft.guesses] == case["guesses"]
    assert list(draft.steps) == case["steps"]
    assert draft.provider == case.get("provider", "local")


@pytest.mark.parametrize("case", PROJECTS.values(), ids=list(PROJECTS))
def test_its_text_is_the_same_stack(case: dict[str, Any]) -> None:
    draft = look(folder(case["files"]))
    text = draft_text(draft, "my-app", 2000, "/home/ann/.tenfold/schema/stack-v1.json")
    stack = load(text)
    assert (stack.name, stack.target.provider, stack.users.monthly) == ("my-app", draft.provider, 2000)
    assert yaml.safe_load(text)["services"] == case["services"]
    assert text.startswith("# yaml-language-server: $schema=/home/ann/.tenfold/schema/stack-v1.json\n")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "my-app is empty. Go to the folder of your app, or try: tenfold demo"),
        ({"stack.yaml": "name: shop", "app.py": "PORT"},
         "stack.yaml is there already, and init never overwrites. Look at: tenfold plan stack.yaml"),
        ({"compose.yaml": "services: {}", "app.py": "PORT"},
         "compose.yaml describes this project already. Make a stack file of it: tenfold import compose.yaml"),
        ({"Procfile": "gunicorn app:app"},
         "Procfile, line 1: `gunicorn app:app` is no process. Write `name: command`."),
        ({"Procfile": "# none\n"}, "Procfile has no process. A Procfile has lines such as `web: gunicorn app:app`."),
        ({"index.html": "", "app.db": "", ".env": "KEY=x", "stack.old": "", "notes.sql": ""},
         "index.html lies beside .env, app.db, notes.sql and 1 more, and a file server would give them to everybody. "
         "Move the pages into a folder: mkdir public, and index.html and all that it shows into it. Then again: "
         "tenfold init"),
        ({"README.md": "# Notes", "api/Dockerfile": "", "web/package.json": "{}"},
         "Nothing in my-app is known to start an app. Looked for: a Dockerfile, a Procfile, manage.py, an app of "
         "FastAPI or Flask, a program app.py that reads PORT, package.json with a start script, or index.html.\n"
         "There are projects below: api, web. Go into one, and run tenfold init there.\n"
         "Write the file by hand. The smallest one: tenfold init --help"),
        ({"README.md": "# Notes"},
         "Nothing in my-app is known to start an app. Looked for: a Dockerfile, a Procfile, manage.py, an app of "
         "FastAPI or Flask, a program app.py that reads PORT, package.json with a start script, or index.html.\n"
         "Write the file by hand. The smallest one: tenfold init --help"),
    ],
)  # fmt: skip
def test_what_cannot_become_one_is_refused_in_a_sentence(files: dict[str, str], message: str) -> None:
    with pytest.raises(SpecError) as refused:
        look(folder(files))
    assert str(refused.value) == message
