"""What a Dockerfile starts from."""

import pytest

from tasks.providers.docker.builds.dockerfile import bases, has_heredoc, syntax_image, with_bases, with_syntax_image

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "args", "found"),
    [
        ("FROM python:3.12\nRUN x", {}, ("python:3.12",)),
        ("from --platform=linux/amd64 python:3.12 as Made\nFROM made\nFROM scratch", {}, ("python:3.12",)),
        ("# FROM no\nARG V=3.11\nARG B=python:$V\nFROM ${B} AS a\nFROM b", {"V": "3.12"}, ("python:3.12", "b")),
        ('ARG V="1" \nFROM a:${V:-2}\nFROM a:${W:-2}', {}, ("a:1", "a:2")),
        ("FROM \\\n  # in between\n  a:1 \\\n  AS x\nCOPY --chown=1 --from=tools:2 /a /a", {}, ("a:1", "tools:2")),
        ("FROM a AS x\nFROM b\nCOPY --from=x /a /a\nCOPY --from=0 /b /b\nADD --from=c / /", {}, ("a", "b", "c")),
        ("FROM a\nARG V=1\nFROM b:$V", {"V": "9"}, ("a", "b:")),
        ("FROM $UNSET", {}, ()),
        (
            "FROM a\nRUN --network=none --mount=type=bind,from=b:1,target=/x --mount=from=c true\n",
            {},
            ("a", "b:1", "c"),
        ),
        ("FROM a AS x\nFROM b\nRUN --mount=type=bind,from=x true --mount=from=c", {}, ("a", "b")),
        ("FROM a\nRUN psql <<EOF\nSELECT *\nFROM orders\nEOF\nCOPY --from=b / /\n", {}, ("a", "b")),
        ("FROM a\nCOPY <<-'A' <<B /x/\nFROM no\n\tA\nFROM no\nB\nFROM b", {}, ("a", "b")),
        ("FROM a\nRUN x <<EOF\nFROM b\n", {}, ("a", "b")),
        ("FROM a\nRUN echo 'x <<EOF' a<<EOF <<<EOF\nFROM b\nEOF", {}, ("a", "b")),
        ("FROM a\nENV A=<<EOF\nFROM b\nEOF", {}, ("a", "b")),
        ("", {}, ()),
    ],
)
def test_images_from_elsewhere(text: str, args: dict[str, str], found: tuple[str, ...]) -> None:
    assert bases(text, args) == found


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("# up to \\\nFROM a:1 AS x\nRUN y", "# up to \\\nFROM hub/a:1 AS x\nRUN y"),
        ("ARG B=a:1\nFROM --platform=p $B AS x\nFROM x\n", "ARG B=a:1\nFROM --platform=p hub/a:1 AS x\nFROM x\n"),
        ("FROM own/b\nCOPY --from=a:1 /a /b", "FROM own/b\nCOPY --from=hub/a:1 /a /b"),
        ("FROM \\\n  # why\n  a:1 \\\n  AS x\nRUN y \\\n  z\n", "FROM   hub/a:1   AS x\nRUN y \\\n  z\n"),
        ("# a\u2028FROM b:1\nFROM pyth\\\non:3\n", "# a\u2028FROM b:1\nFROM hub/python:3\n"),
        (
            "FROM own/b\nRUN --mount=from=a,target=/a --mount=from=b:2 x\n",
            "FROM own/b\nRUN --mount=from=hub/a,target=/a --mount=from=hub/b:2 x\n",
        ),
        (
            "FROM own/b\nCOPY --from=a <<E /\nCOPY --from=c\nE\n",
            "FROM own/b\nCOPY --from=hub/a <<E /\nCOPY --from=c\nE\n",
        ),
        ('FROM "a:1"\nFROM ${A:+b}', 'FROM "a:1"\nFROM ${A:+b}'),
        ("FROM scratch\nCOPY --from=0 / /\nFROM $UNSET", "FROM scratch\nCOPY --from=0 / /\nFROM $UNSET"),
    ],
)
def test_they_are_taken_from_elsewhere(text: str, made: str) -> None:
    def instead(name: str) -> str:
        return name if "/" in name else f"hub/{name}"

    assert with_bases(text, {}, instead) == made
    assert with_bases(made, {}, instead) == made
    assert with_bases(text, {}, lambda name: name) == text or "$B" in text


@pytest.mark.parametrize(
    ("text", "image", "without"),
    [
        (
            "# syntax=docker/dockerfile:1\nFROM a\n",
            "docker/dockerfile:1",
            "#\nFROM a\n",
        ),
        ("# escape=`\n#Syntax = d:1 \nFROM a\n", "d:1", "# escape=`\n#\nFROM a\n"),
        ("# a comment\n# syntax=d:1\nFROM a\n", "", None),
        ("FROM a\n# syntax=d:1\n", "", None),
        ("\n# syntax=d:1\n", "", None),
        ("# syntax=\nFROM a\n", "", None),
        ("# syntax=d:1 and more\n# escape=`\n", "d:1", "# escape=`\n#\n"),
        ("", "", None),
    ],
)
def test_the_image_that_shall_read_it(text: str, image: str, without: str | None) -> None:
    assert syntax_image(text) == image
    assert with_syntax_image(text, "") == (text if without is None else without)
    assert with_syntax_image(text, image) == text
    if image:
        assert syntax_image(with_syntax_image(text, "hub/other:2")) == "hub/other:2"


def test_heredocs_are_seen() -> None:
    assert has_heredoc("FROM a\nRUN <<EOF\nx\nEOF\n")
    assert not has_heredoc("FROM a\nRUN echo '<<EOF'\nENV A=1\n")
