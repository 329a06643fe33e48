"""Nobody's place is taken by what the proxy has not seen answer."""

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

import pytest

from infra_specs.errors import ProviderError
from tasks.providers.envoy import config_push
from tasks.providers.envoy.admin_state import AdminState, Upstream
from tasks.providers.envoy.config_push import await_endpoints
from tasks.providers.envoy.files import RouteRule

pytestmark = pytest.mark.pure
rule = RouteRule("web", "*", "/", False, "/up", ("10.0.0.2:80", "10.0.0.3:80"), ())


class Folder:
    """A proxy's folder of which only its view is asked: one after the other, the last one again and again."""

    path = PurePath("/etc/proxy")

    def __init__(self, *views: AdminState | None) -> None:
        self._views, self.asked = list(views), 0

    def admin_state(self) -> AdminState | None:
        self.asked += 1
        return self._views.pop(0) if len(self._views) > 1 else self._views[0]

    def read(self) -> Mapping[str, Any]:
        raise AssertionError

    write = remove = routes_version = read  # type: ignore[assignment]


def sees(*answering: str) -> AdminState:
    return AdminState(tuple(Upstream(rule.cluster, endpoint, endpoint in answering, 0) for endpoint in rule.endpoints))


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(config_push, "_APPLIED_SECONDS", 0.05)
    monkeypatch.setattr(config_push, "_SILENCE_SECONDS", 0.02)
    return iter(())


def test_it_waits_until_all_were_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_push, "_SILENCE_SECONDS", 60.0)
    folder = Folder(sees(), None, sees("10.0.0.2:80"), sees(*rule.endpoints))
    await_endpoints(folder, rule, asked_as_before=True)
    assert folder.asked == 4, "an answer that got lost is no answer"


def test_what_was_never_seen_takes_nobodys_place() -> None:
    with pytest.raises(ProviderError, match=r"did not see 10\.0\.0\.3:80 answer at /up .* what served web goes on"):
        await_endpoints(Folder(sees("10.0.0.2:80")), rule, asked_as_before=True, seconds=0.05)


def test_a_proxy_that_does_not_run_is_not_waited_for() -> None:
    await_endpoints(Folder(None), rule, asked_as_before=True)


def test_with_another_question_nothing_is_insisted_on() -> None:
    await_endpoints(Folder(sees()), rule, asked_as_before=False)
