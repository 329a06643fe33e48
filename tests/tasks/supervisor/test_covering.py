"""Which closed folders are covered, and what is shown beneath: a table."""

import pytest

from tasks.supervisor.covering import Bind, Cover, Link, Step, steps

pytestmark = pytest.mark.pure


def read(path: str) -> Bind:
    return Bind(path, writable=False)


@pytest.mark.parametrize(
    ("needs", "links", "closed", "expected"),
    [
        ({}, {}, {"/root"}, ()),
        ({"/srv/app": False, "/usr": False}, {}, {"/root"}, ()),
        ({"/root/app": False}, {}, {"/root"}, (Cover("/root"), read("/root/app"))),
        ({"/root/app": True}, {}, {"/root"}, (Cover("/root"), Bind("/root/app", writable=True))),
        (
            {"/root/python/3.11": False, "/root/app": False, "/srv/x": False},
            {},
            {"/root"},
            (Cover("/root"), read("/root/app"), read("/root/python/3.11")),
        ),
        # The topmost closed folder hides the others.
        ({"/a/b/c/d": False}, {}, {"/a", "/a/b/c"}, (Cover("/a"), read("/a/b/c/d"))),
        # What lies in a shown folder needs nothing more, unless a folder between the two is closed.
        ({"/a/b": False, "/a/b/c": False}, {}, {"/a"}, (Cover("/a"), read("/a/b"))),
        (
            {"/a/b": False, "/a/b/c/d": True},
            {},
            {"/a", "/a/b/c"},
            (Cover("/a"), read("/a/b"), Cover("/a/b/c"), Bind("/a/b/c/d", writable=True)),
        ),
        ({"/a": False, "/a/b/c": False}, {}, {"/a/b"}, (Cover("/a/b"), read("/a/b/c"))),
        # A closed folder that is itself needed is its owner's affair: its own mode is not passed by.
        ({"/a/b": True}, {}, {"/a/b"}, ()),
        # A link is made again where it is hidden, and nowhere else.
        (
            {"/opt/app": False},
            {"/root/app": "/opt/app", "/srv/app": "/root/app"},
            {"/root"},
            (Cover("/root"), Link("/root/app", "/opt/app")),
        ),
        ({"/root/v": False}, {"/root/v/bin": "lib/bin"}, {"/root"}, (Cover("/root"), read("/root/v"))),
        ({"/x/y": False}, {}, {"/"}, (Cover("/"), read("/x/y"))),
        ({"/ab/c": False}, {}, {"/a"}, ()),
    ],
)
def test_covered_is_what_is_closed(
    needs: dict[str, bool], links: dict[str, str], closed: set[str], expected: tuple[Step, ...]
) -> None:
    assert steps(needs, links, closed.__contains__) == expected
    assert steps(dict(reversed(needs.items())), links, closed.__contains__) == expected, "in whatever order"


def mapped(path: str) -> Bind:
    return Bind(path, writable=False, mapped=True)


@pytest.mark.parametrize(
    ("needs", "links", "closed", "owners", "hides", "expected"),
    [
        # What its owner alone can read is shown in its own place, and never to be written.
        ({"/tmp/a": True}, {}, {"/tmp/a"}, {"/tmp/a"}, set(), (mapped("/tmp/a"),)),
        ({"/root/a": True}, {}, {"/root", "/root/a"}, {"/root/a"}, set(), (Cover("/root"), mapped("/root/a"))),
        # All in it can be reached then, through folders that were closed, too.
        (
            {"/a": False, "/a/v": False, "/a/b/c": False},
            {"/a/v/bin/python": "/usr/bin/python"},
            {"/a", "/a/v", "/a/v/bin", "/a/b"},
            {"/a", "/a/v"},
            set(),
            (mapped("/a"),),
        ),
        # But not what is hidden; what is needed of that is shown as it is.
        (
            {"/a": False, "/a/home/stacks/shop": True},
            {},
            {"/a"},
            {"/a"},
            {"/a/home"},
            (mapped("/a"), Cover("/a/home"), Bind("/a/home/stacks/shop", writable=True)),
        ),
        # Elsewhere its own mode protects it.
        ({"/a": False, "/a/home/stacks/shop": True}, {}, set(), set(), {"/a/home"}, ()),
    ],
)
def test_shown_is_what_its_owner_alone_can_read(
    needs: dict[str, bool],
    links: dict[str, str],
    closed: set[str],
    owners: set[str],
    hides: set[str],
    expected: tuple[Step, ...],
) -> None:
    assert steps(needs, links, closed.__contains__, owners, hides) == expected
