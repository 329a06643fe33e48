"""One build by BuildKit: `POST /build?version=2` with a session, followed to its end."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from docker.api.client import APIClient
from docker.errors import APIError

from infra_specs.errors import ProviderError
from tasks.providers.docker.buildkit.sending import File
from tasks.providers.docker.buildkit.session import Login, Session
from tasks.providers.docker.buildkit.trace import Trace
from tasks.providers.docker.buildkit.wire import BrokenMessage

_WRAPPING = re.compile(r"(?:failed to solve[^:]*: |failed to create LLB definition: |rpc error: code = \w+ desc = )+")
_EXIT_CODE = re.compile(r"exit code: \d+$")
_UNKNOWN_TO_OLD_ENGINES = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)


class BuildFailed(Exception):
    """The build ended without an image: why, at which step, and the last lines of that step."""

    def __init__(self, why: str, step: str, lines: tuple[str, ...]) -> None:
        super().__init__(why)
        self.step, self.lines = step, lines


@dataclass(frozen=True, slots=True)
class Job:
    """What is built: the folders `context` and `dockerfile`, and how the image shall be called."""

    folders: Mapping[str, Iterable[File]]
    dockerfile: str
    name: str
    stage: str | None
    args: Mapping[str, str]
    labels: Mapping[str, str]


def run(api: APIClient, job: Job, login: Login, say: Callable[[str], None]) -> None:
    """The image is in the engine when this returns; `say` is told each step as it begins.

    Raises BuildFailed; ProviderError for an engine without BuildKit; APIError, OSError for an engine that fails.
    """
    trace = Trace()
    with _session(api, job, login) as session:
        error = ""
        for answer in _answers(api, job, session.id):
            if answer.get("id") == "moby.buildkit.trace":
                # What cannot be read is lost from the log; the build does not depend on it.
                with suppress(BrokenMessage):
                    for step in trace.read(base64.b64decode(answer["aux"])):
                        say(step)
            error = str(answer.get("error", error))
    if session.error is not None:
        raise ProviderError(
            f"{session.error}, while the folder was sent to the Docker Engine. Run it again when nobody changes it."
        )
    if error:
        failed = trace.failed
        why = _why(failed.error if failed else error)
        raise BuildFailed(why, failed.name if failed else "its beginning", failed.lines if failed else ())


def _session(api: APIClient, job: Job, login: Login) -> Session:
    try:
        return Session(api, job.folders, login)
    except APIError as error:
        if error.status_code in _UNKNOWN_TO_OLD_ENGINES:
            raise ProviderError(
                "this engine has no BuildKit, which builds images here: it answers "
                f"{error.status_code} to /session. Use Docker Engine 18.09 or later."
            ) from error
        raise


def _answers(api: APIClient, job: Job, session: str) -> Iterable[dict[str, Any]]:
    how = {
        "version": "2", "remote": "client-session", "session": session, "buildid": session, "rm": "1", "forcerm": "1",
        "t": job.name, "dockerfile": job.dockerfile, "target": job.stage or "",
        "buildargs": json.dumps(dict(job.args)), "labels": json.dumps(dict(job.labels)),
    }  # fmt: skip
    response = api._post(api._url("/build"), params=how, stream=True, timeout=None)  # type: ignore[attr-defined]
    api._raise_for_status(response)  # type: ignore[attr-defined]
    return api._stream_helper(response, decode=True)  # type: ignore[attr-defined,no-any-return]


def _why(error: str) -> str:
    """The engine's words without those that name its own parts, or a command that the step shows already."""
    bare = _WRAPPING.sub("", error).strip()
    if code := _EXIT_CODE.search(bare):
        return code[0]
    return bare
