"""What a Dockerfile starts from."""

import pytest

from tasks.providers.docker.builds.dockerfile import Arguments, bases, newer_words, with_bases
from tasks.providers.docker.builds.instructions import instructions, syntax_image, with_syntax_image
from tasks.providers.docker.builds.platform import platform_args

pytestmark = pytest.mark.pure

AMD64 = platform_args("linux", "amd64", "x86_64")


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
        ("ARG NAME=tiny TAG=1\nFROM ${NAME}:${TAG}", {}, ("tiny:1",)),
        ("ARG NAME=tiny TAG=1\nFROM ${NAME}:${TAG}", {"TAG": "2"}, ("tiny:2",)),
        ("ARG A=x \\\n  # why\n  B=$A-y C\nFROM $B:${C:-1}", {}, ("x-y:1",)),
        ("ARG A='x y' B=\"b:1\" C=c\\:1\nFROM $B\nFROM $C", {}, ("b:1", "c:1")),
        ("ARG A=$UNSET B=${A}b:1\nFROM $B\nFROM ${A}", {}, ("b:1",)),
        ("ARG\tA=x\nARG A\nFROM $A", {}, ("x",)),
        ("ARG A\nFROM a${A}", {"A": ""}, ("a",)),
        ("FROM a:$V", {"V": "1"}, ("a:",)),
        ("FROM ${BASE:-x:1}", {}, ("x:1",)),
        ("ARG BASE\nFROM ${BASE:-${OTHER:-x}:1}", {}, ("x:1",)),
        ("ARG BASE=\nFROM ${BASE:-x}\nFROM ${BASE-y}", {}, ("x",)),
        (
            "ARG V=3.12.1\nFROM a:${V%.*}\nFROM a:${V%%.*}\nFROM a:${V#*.}\nFROM a:${V/./-}",
            {},
            ("a:3.12", "a:3", "a:12.1", "a:3-12.1"),
        ),
        ("ARG V=1\nFROM ${V:+b}\nFROM ${V:?unset}\nFROM ${W:?unset}", {}, ("b",)),
        ("FROM --platform=$BUILDPLATFORM a AS x\nFROM b-$TARGETARCH:$TARGETOS", {}, ("a", "b-amd64:linux")),
        ("ARG TARGETARCH=arm64\nFROM b-$TARGETARCH", {}, ("b-arm64",)),
        ("FROM b-$TARGETARCH", {"TARGETARCH": "arm64"}, ("b-arm64",)),
        ("FROM a AS x\nARG B=b\nFROM $B", {}, ("a",)),
        ("FROM a\nCOPY --from=later / /\nFROM b AS Later", {}, ("a", "b")),
        ("FROM later\nFROM b AS later", {}, ("later", "b")),
        (
            "FROM a\nCOPY --link --chmod=755 --from='b:1' / /\nRUN --mount=\"type=bind,from=c,target=/c\" x",
            {},
            ("a", "b:1", "c"),
        ),
        ("# escape=`\nARG A=a`:1\nFROM $A", {}, ("a:1",)),
        ("# a=b\n# escape=`\nFROM a \\\nAS x\nFROM x", {}, ("a",)),
        ("FROM a\nRUN echo \\\\\nCOPY --from=b / /", {}, ("a", "b")),
        ("FROM a\nONBUILD COPY --from=b / /", {}, ("a",)),
        ("FROM [::1]:5000/a", {}, ("[::1]:5000/a",)),
    ],
)
def test_images_from_elsewhere(text: str, args: dict[str, str], found: tuple[str, ...]) -> None:
    assert bases(text, Arguments(args, AMD64)) == found


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
        ('FROM "a:1"\nFROM ${A:+b}', "FROM hub/a:1\nFROM ${A:+b}"),
        (
            "# escape=`\nFROM `\n  a:1 AS x\nCOPY c:\\ d:\\\nFROM b",
            "# escape=`\nFROM   hub/a:1 AS x\nCOPY c:\\ d:\\\nFROM hub/b",
        ),
        ("FROM scratch\nCOPY --from=0 / /\nFROM $UNSET", "FROM scratch\nCOPY --from=0 / /\nFROM $UNSET"),
    ],
)
def test_they_are_taken_from_elsewhere(text: str, made: str) -> None:
    def instead(name: str) -> str:
        return name if "/" in name else f"hub/{name}"

    none = Arguments({}, AMD64)
    assert with_bases(text, none, instead) == made
    assert with_bases(made, none, instead) == made
    assert with_bases(text, none, lambda name: name) == text or "$B" in text


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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FROM a\nRUN <<EOF\nx\nEOF\n", ("heredocs (<<)",)),
        ("FROM a\nRUN echo '<<EOF'\nENV A=1\n", ()),
        ("FROM a\nCOPY --chmod=1 --link b c\nADD --link=true b c\nCOPY --link d e", ("COPY --link", "ADD --link")),
        ("FROM a\nCOPY b --link c\nRUN x --link y\nCOPY --from=--link a b", ()),
    ],
)
def test_what_only_newer_engines_read_is_seen(text: str, words: tuple[str, ...]) -> None:
    assert newer_words(text) == words


@pytest.mark.parametrize(
    "text", ["", "FROM a", "# b\n\nFROM a \\\n# c\n\n b\nRUN <<E\nx\nE\n#", "RUN <<E\nx\n", "\\\n\\"]
)
def test_the_parts_are_the_whole(text: str) -> None:
    assert "".join(part.raw + part.body for part in instructions(text)) == text


@pytest.mark.parametrize(
    ("system", "architecture", "machine", "platform", "variant"),
    [
        ("linux", "amd64", "x86_64", "linux/amd64", ""),
        ("linux", "arm64", "aarch64", "linux/arm64", ""),
        ("linux", "arm", "armv6l", "linux/arm/v6", "v6"),
        ("linux", "arm", "armv7l", "linux/arm/v7", "v7"),
        ("linux", "arm", "aarch64", "linux/arm/v7", "v7"),
    ],
)
def test_the_arguments_of_a_platform(system: str, architecture: str, machine: str, platform: str, variant: str) -> None:
    args = platform_args(system, architecture, machine)
    assert args["TARGETPLATFORM"] == args["BUILDPLATFORM"] == platform
    assert (args["TARGETOS"], args["TARGETARCH"], args["TARGETVARIANT"]) == (system, architecture, variant)
    assert len(args) == 8
