"""The plan of a stack, its price and the advice as one comment of a pull request, which each run updates.

    python plan_comment.py stack.yaml [--env staging]

Prints the comment, too. Ends as the plan does: 0, or 2 if it is refused. Needs nothing but Python and `tenfold`.
GitHub: GITHUB_EVENT_PATH, GITHUB_REPOSITORY, GITHUB_API_URL, GITHUB_TOKEN. GitLab: CI_API_V4_URL, CI_PROJECT_ID,
CI_MERGE_REQUEST_IID, GITLAB_TOKEN. Without one of the two it only prints.
"""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MARKER = "<!-- tenfold plan: {} -->"
SIGNS = {"create": "+", "update": "~", "wait": "=", "destroy": "-"}
MOST_CHANGES = 100
PAGE = 100
"""Comments that are asked for at once."""


@dataclass(frozen=True)
class Comments:
    """The comments of one pull request: where they are listed and written, how one is changed, and the login."""

    address: str
    one: str
    header: tuple[str, str]
    change_method: str

    def write(self, text: str, marker: str) -> None:
        """Change the comment with this marker, or add one."""
        known = next((comment for comment in self._all() if marker in str(comment.get("body", ""))), None)
        if known is None:
            self._ask("POST", self.address, {"body": text})
        else:
            self._ask(self.change_method, self.one.format(known["id"]), {"body": text})

    def _all(self) -> list[dict[str, Any]]:
        comments: list[dict[str, Any]] = []
        for page in range(1, 100):
            listed = self._ask("GET", f"{self.address}?per_page={PAGE}&page={page}")
            comments += listed
            if len(listed) < PAGE:
                break
        return comments

    def _ask(self, method: str, url: str, body: Mapping[str, str] | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json", "Accept": "application/json", self.header[0]: self.header[1]}
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=60) as answer:
            return json.loads(answer.read() or b"null")


def comments_of(environment: Mapping[str, str]) -> Comments | None:
    """The comments of the pull request that this runner works for; None for a run that is of none."""
    if "GITHUB_EVENT_PATH" in environment and "GITHUB_TOKEN" in environment:
        event = json.loads(Path(environment["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        number = event.get("pull_request", {}).get("number")
        base = environment.get("GITHUB_API_URL", "https://api.github.com")
        issues = f"{base}/repos/{environment['GITHUB_REPOSITORY']}/issues"
        header = ("Authorization", f"Bearer {environment['GITHUB_TOKEN']}")
        return Comments(f"{issues}/{number}/comments", f"{issues}/comments/{{}}", header, "PATCH") if number else None
    if "CI_MERGE_REQUEST_IID" in environment and "GITLAB_TOKEN" in environment:
        project = f"{environment['CI_API_V4_URL']}/projects/{environment['CI_PROJECT_ID']}"
        notes = f"{project}/merge_requests/{environment['CI_MERGE_REQUEST_IID']}/notes"
        return Comments(notes, notes + "/{}", ("PRIVATE-TOKEN", environment["GITLAB_TOKEN"]), "PUT")
    return None


def text_of(plan: Mapping[str, Any], advice: str) -> str:
    """The comment of a plan."""
    changes = [change for wave in plan["plan"]["waves"] for change in wave]
    rows = [f"| {SIGNS[change['action']]} | `{change['address']}` | {_cell(change['reason'])} |" for change in changes]
    more = [f"| | | and {len(rows) - MOST_CHANGES} more |"] if len(rows) > MOST_CHANGES else []
    table = ["| | what | why |", "|---|---|---|", *rows[:MOST_CHANGES], *more, ""] if rows else []
    notes = [f"- {note}" for note in plan["notes"]]
    advised = (
        ["", "<details><summary>Advice</summary>", "", "```", advice.strip(), "```", "</details>"] if advice else []
    )
    head = f"### {plan['stack']} on {plan['target']}: {plan['plan']['summary']}"
    return "\n".join([head, "", *table, price_text(plan["price"]), "", *notes, *advised])


def price_text(price: Mapping[str, Any]) -> str:
    """What a month costs."""
    amounts = [("today", price["today"]), ("at the design capacity", price["design"]), ("budget", price["budget"])]
    parts = [f"${amount:,.2f} {name}" for name, amount in amounts if amount is not None]
    return f"**A month:** {', '.join(parts) if parts else 'no price is known'}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main(words: list[str], environment: Mapping[str, str]) -> int:
    """Plan, print, and write the comment. Returns the exit code of the plan."""
    done = subprocess.run(["tenfold", "plan", *words, "--json"], capture_output=True, text=True, check=False)
    marker = MARKER.format(" ".join(words))
    if done.stdout.strip():
        plan = json.loads(done.stdout)
        advised = subprocess.run(["tenfold", "advise", plan["stack"]], capture_output=True, text=True, check=False)
        text = text_of(plan, advised.stdout if advised.returncode == 0 else "")
        text += f"\n\n**Refused:** {done.stderr.strip()}" if done.returncode else ""
    else:
        text = f"### The plan is refused\n\n```\n{done.stderr.strip()}\n```"
    print(text)
    comments = comments_of(environment)
    if comments is not None:
        comments.write(f"{marker}\n{text}", marker)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
