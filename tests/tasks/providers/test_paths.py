"""Which paths belong to a route, and which are refused: the patterns that the proxy is told, tried as it tries them."""

import re

import pytest

from tasks.providers.envoy.paths import DOT_SEGMENT, match, rest

pytestmark = pytest.mark.pure


def matches(route: str, path: str) -> bool:
    """Whether a path without its query belongs to a route. RE2 and Python read these patterns alike."""
    found = match(route)
    if "prefix" in found:
        return path.startswith(found["prefix"])
    if "path_separated_prefix" in found:
        prefix = found["path_separated_prefix"]
        return path == prefix or path.startswith(f"{prefix}/")
    return re.fullmatch(found["safe_regex"]["regex"], path) is not None


@pytest.mark.parametrize("route", ["/api", "/api/", "//api", "/%61pi", "/api%2F"])
@pytest.mark.parametrize(
    ("path", "belongs"),
    [
        ("/api", True),
        ("/api/", True),
        ("/api/x", True),
        ("//api", True),
        ("///api//x", True),
        ("/%61pi", True),
        ("/a%70%69/x", True),
        ("/api%2Fx", True),
        ("/api%2fx", True),
        ("%2Fapi", True),
        ("/%2fapi", True),
        ("/\\api", True),
        ("/api\\x", True),
        ("/api%5cx", True),
        ("/apix", False),
        ("/api%20", False),
        ("/api;a", False),
        ("/API", False),
        ("/x/api", False),
        ("/%2561pi", False),
        ("/", False),
        ("", False),
    ],
)
def test_a_path_belongs_to_a_route_however_it_is_spelled(route: str, path: str, belongs: bool) -> None:
    assert matches(route, path) is belongs


@pytest.mark.parametrize("route", ["/", "//", "/%2f"])
def test_the_root_has_every_path(route: str) -> None:
    assert match(route) == {"prefix": "/"}


@pytest.mark.parametrize(
    ("route", "path", "belongs"),
    [
        ("/api/v1", "/api//v1/x", True),
        ("/api/v1", "/api%2fv1", True),
        ("/api/v1", "/api/x/v1", False),
        ("/a.b", "/a.b", True),
        ("/a.b", "/axb", False),
        ("/caf%C3%A9", "/caf%c3%a9/x", True),
        ("/100%", "/100%/x", True),
        ("/100%", "/100%25", True),
        ("/(a|b)+[c]$^{2}", "/(a|b)+[c]$^{2}/x", True),
    ],
)
def test_every_character_stands_for_itself(route: str, path: str, belongs: bool) -> None:
    assert matches(route, path) is belongs


def test_a_longer_path_is_matched_less_freely_and_never_missed() -> None:
    short, longer, longest = "/" + "a" * 15, "/" + "a" * 60, "/" + "a" * 200
    assert matches(short, "//%61" + "a" * 14)
    assert matches(longer, "//" + "a" * 60 + "/x")
    assert not matches(longer, "/%61" + "a" * 59)
    assert matches(longest, longest)
    assert matches(longest + "/", longest + "/x")
    assert not matches(longest, longest + "a")


@pytest.mark.parametrize("dots", [".", "..", "%2e", "%2E", ".%2e", "%2E.", "%2e%2E"])
@pytest.mark.parametrize(
    "path",
    ["/{}", "/a/{}", "/a/{}/b", "/{};x/b", "/a/{}%3bx", "/a%2f{}%2Fb", "/a\\{}\\b", "/a%5C{}%5cb", "//{}//", "/a;/{}"],
)
def test_a_segment_of_dots_is_refused(path: str, dots: str) -> None:
    assert re.fullmatch(DOT_SEGMENT, path.format(dots))


@pytest.mark.parametrize(
    "path",
    ["/", "/...", "/..a", "/a..", "/a..b/c", "/.well-known/x", "/.git", "/a.", "/%252e%252e/", "/a/%2e%2e%2e", "/;..",
     "/a=../b", "/img/https://x.org//a.png", "*"],
)  # fmt: skip
def test_other_dots_pass(path: str) -> None:
    assert not re.fullmatch(DOT_SEGMENT, path)


@pytest.mark.parametrize(
    ("route", "path", "left"),
    [
        ("/media", "/media", "/"),
        ("/media", "/media/", "/"),
        ("/media", "/media/a/b.png", "/a/b.png"),
        ("/media", "//%6dedia%2Fa//b.png", "/a//b.png"),
        ("/media", "/media/media/x", "/media/x"),
        ("/media", "/media\\a", "/a"),
        ("/a/b", "/a/b/a/b", "/a/b"),
        ("/caf%C3%A9", "/caf%c3%a9/x", "/x"),
        ("/" + "a" * 60, "/" + "a" * 60 + "/x", "/x"),
        ("/", "/media/x", "/media/x"),
    ],
)
def test_a_server_of_files_is_asked_for_the_rest(route: str, path: str, left: str) -> None:
    assert rewritten(route, path) == left


def test_of_the_longest_path_as_much_is_left_out_as_was_matched() -> None:
    assert rest("/" + "a" * 200) == {"prefix_rewrite": "/"}


def rewritten(route: str, path: str) -> str:
    """As RE2 rewrites it: every match, of which the first alone begins the path."""
    action = rest(route)
    if not action:
        return path
    rewrite = action["regex_rewrite"]
    return re.sub(rewrite["pattern"]["regex"], rewrite["substitution"], path)
