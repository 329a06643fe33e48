"""What a Dockerfile starts from."""

import pytest

from tasks.providers.docker.dockerfile import bases, with_bases

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
