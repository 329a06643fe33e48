"""The comment of a pull request, with event files as runners give them, and a server in place of the host."""

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "pull-request"
sys.path.insert(0, str(FOLDER))

import plan_comment  # noqa: E402 - found by the line above

PLAN = {
    "stack": "shop", "target": "docker", "notes": ["web: 3 replicas today"],
    "plan": {"summary": "1 to create, 2 unchanged", "waves": [
        [{"action": "create", "address": "replica/web-0", "reason": "missing | new"}]]},
    "price": {"today": 22.5, "design": 202.5, "budget": None},
}  # fmt: skip


class Host:
    """A host that keeps comments in a list, and what each request had for a login."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = [{"id": index, "body": "other"} for index in range(150)]
        self.logins: set[str] = set()
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = int(self.path.partition("&page=")[2])
                self._answer(host.comments[(page - 1) * 100 : page * 100])

            def do_POST(self) -> None:
                host.comments.append({"id": len(host.comments), "path": self.path, **self._body()})
                self._answer(host.comments[-1])

            def do_PATCH(self) -> None:
                host.comments[int(self.path.rpartition("/")[2])] |= self._body()
                self._answer({})

            do_PUT = do_PATCH

            def _body(self) -> dict[str, Any]:
                body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                return body

            def _answer(self, document: Any) -> None:
                host.logins.add(self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or "")
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(document).encode())

            def log_message(self, format: str, *arguments: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def host() -> Iterator[Host]:
    running = Host()
    thread = threading.Thread(target=running.server.serve_forever, daemon=True)
    thread.start()
    yield running
    running.server.shutdown()
    thread.join()
    running.server.server_close()


@pytest.fixture
def tenfold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `tenfold` that prints the plan in a file, or refuses with what is in another."""
    program = tmp_path / "bin" / "tenfold"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\n[ \"$1\" = advise ] && exec echo 'Give web more memory.'\n"
        f"cat {tmp_path}/plan.json 2>/dev/null && exit 0\necho 'stack.yaml:1: prot: unknown key.' >&2\nexit 2\n"
    )
    program.chmod(0o755)
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return tmp_path


def github(host: Host, folder: Path, event: dict[str, Any]) -> dict[str, str]:
    (folder / "event.json").write_text(json.dumps(event))
    return {
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_REPOSITORY": "ann/shop",
        "GITHUB_API_URL": host.url,
        "GITHUB_TOKEN": "a-token",
    }


def gitlab(host: Host) -> dict[str, str]:
    return {"CI_API_V4_URL": host.url, "CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "7", "GITLAB_TOKEN": "a-token"}


@pytest.mark.parametrize("runner", ["github", "gitlab"])
def test_one_comment_is_written_and_then_updated(host: Host, tenfold: Path, runner: str) -> None:
    event = {"action": "synchronize", "pull_request": {"number": 7}}
    environment = github(host, tenfold, event) if runner == "github" else gitlab(host)
    assert plan_comment.main(["stack.yaml"], environment) == 0
    assert len(host.comments) == 151
    assert "/7/" in host.comments[150]["path"]
    assert "| + | `replica/web-0` | missing \\| new |" in host.comments[150]["body"]
    (tenfold / "plan.json").write_text(json.dumps({**PLAN, "stack": "shop2"}))
    assert plan_comment.main(["stack.yaml"], environment) == 0
    assert len(host.comments) == 151
    assert "### shop2 on docker: 1 to create, 2 unchanged" in host.comments[150]["body"]
    assert plan_comment.main(["stack.yaml", "--env", "staging"], environment) == 0
    assert len(host.comments) == 152
    assert host.logins == ({"Bearer a-token"} if runner == "github" else {"a-token"})


def test_the_text_has_the_plan_its_price_and_the_advice() -> None:
    text = plan_comment.text_of(PLAN, "Give web more memory.\n")
    assert "**A month:** $22.50 today, $202.50 at the design capacity" in text
    assert "- web: 3 replicas today" in text
    assert "Give web more memory." in text


def test_a_refused_plan_is_said_and_ends_with_2(host: Host, tenfold: Path) -> None:
    (tenfold / "plan.json").unlink()
    assert plan_comment.main(["stack.yaml"], gitlab(host)) == 2
    assert "stack.yaml:1: prot: unknown key." in host.comments[150]["body"]


def test_a_push_that_is_of_no_pull_request_only_prints(
    host: Host, tenfold: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan_comment.main(["stack.yaml"], github(host, tenfold, {"ref": "refs/heads/main"})) == 0
    assert "### shop on docker" in capsys.readouterr().out
    assert len(host.comments) == 150
