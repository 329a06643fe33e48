"""`.dockerignore` as BuildKit reads it: the table of moby/patternmatcher's own tests, and what it leaves unsaid."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_specs.builds.expression import Kind, compiled, go_expression
from infra_specs.builds.ignore import Ignored, read_ignore_file
from infra_specs.errors import SpecError

pytestmark = pytest.mark.pure


def read(*lines: str) -> Ignored:
    return read_ignore_file("\n".join(lines).encode("utf-8", "surrogateescape"), ".dockerignore")


WHEEL = "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl"
MATCHES = [
    ("**", "file"), ("**", "dir/file"), ("**/", "file"), ("**/", "dir/file"), ("**/**", "dir/file"),
    ("dir/**", "dir/file"), ("dir/**", "dir/dir2/file"), ("**/dir", "dir"), ("**/dir", "dir/file"),
    ("**/dir2/*", "dir/dir2/file"), ("**/dir2/**", "dir/dir2/dir3/file"), ("**file", "file"), ("**file", "dir/file"),
    ("**/file", "dir/file"), ("**file", "dir/dir/file"), ("**/file", "dir/dir/file"), ("**/file*", "dir/dir/file"),
    ("**/file*", "dir/dir/file.txt"), ("**/file*txt", "dir/dir/file.txt"), ("**/file*.txt", "dir/dir/file.txt"),
    ("**/file*.txt*", "dir/dir/file.txt"), ("**/**/*.txt", "dir/dir/file.txt"), ("**/*.txt", "file.txt"),
    ("**/**/*.txt", "file.txt"), ("a**/*.txt", "a/file.txt"), ("a**/*.txt", "a/dir/file.txt"),
    ("a**/*.txt", "a/dir/dir/file.txt"), ("a/*.txt", "a/file.txt"), ("a/*.txt**", "a/file.txt"), ("a[b-d]e", "ace"),
    ("a[^b-d]e", "aze"), (".*", ".foo"), ("abc.def", "abc.def"), ("abc?def", "abcZdef"), ("**/foo/bar", "foo/bar"),
    ("**/foo/bar", "dir/foo/bar"), ("**/foo/bar", "dir/dir2/foo/bar"), ("abc/**", "abc/def"),
    ("abc/**", "abc/def/ghi"), ("**/.foo", ".foo"), ("a(b)c/def", "a(b)c/def"), ("a.|)$(}+{bc", "a.|)$(}+{bc"),
    (WHEEL, WHEEL), ("dist/*.whl", WHEEL), ("a\\\\", "a\\"), ("a\\*b", "a*b"),
    ("abc", "abc"), ("*", "abc"), ("*c", "abc"), ("a*", "a"), ("a*", "abc"), ("a*", "ab/c"), ("a*/b", "abc/b"),
    ("a*b*c*d*e*/f", "axbxcxdxe/f"), ("a*b*c*d*e*/f", "axbxcxdxexxx/f"), ("a*b?c*x", "abxbbxdbxebxczzx"),
    ("ab[c]", "abc"), ("ab[b-d]", "abc"), ("ab[^e-g]", "abc"), ("a?b", "a☺b"), ("a[^a]b", "a☺b"), ("[a-ä]*", "ß"),
    ("[\\]a]", "]"), ("[\\-]", "-"), ("[x\\-]", "x"), ("[x\\-]", "-"), ("[\\-x]", "x"), ("[\\-x]", "-"),
    ("*x", "xxx"),
    # What its tests do not say.
    (".env", ".env"), ("/.env", ".env"), ("./.env", ".env"), (".env/", ".env"), (".env//", ".env"),
    ("x/../.env", ".env"), ("/../.env", ".env"), ("  .env\t", ".env"), (".env\r", ".env"), ("\ufeff.env", ".env"),
    ("\u00a0.env\u3000", ".env"), ("\\#draft", "#draft"), ("\\!draft", "!draft"), (" # no comment", "# no comment"),
    ("a b", "a b"), ("Ünïcode*", "Ünïcode.txt"), ("caf\udce9", "caf\udce9"), ("caf?", "caf\udce9"),
    ("node_modules", "node_modules/a/b/c"), ("*/temp", "a/temp/b"), ("[!a]", "!"), ("[a^]", "^"), ("[.]x", ".x"),
    ("x]", "x]"), ("^s", "^s"), ("a+b?", "a+bc"), ("[[:digit:]]", "7"), ("[^[:digit:]]", "x"), ("\\d?", "7x"),
    ("[\\w]?", "_x"), ("[^\\d]?", "xx"), ("[\\D]?", "xx"), ("[[:^alpha:]]?", "7x"), ("[*]", "/]"), ("***", "a"),
    ("a.b", "a.b"),
]  # fmt: skip
OTHERS = [
    ("**/**/*.txt2", "dir/dir/file.txt"), ("a/*.txt", "a/dir/file.txt"), ("a[b-d]e", "ae"), ("a[b-d]e", "aae"),
    (".*", "foo"), ("abc.def", "abcdef"), ("abc.def", "abcZdef"), ("abc?def", "abcdef"), ("abc/**", "abc"),
    ("**/.foo", "bar.foo"), ("a(b)c/def", "a(b)c/xyz"), ("a*/b", "a/c/b"), ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f"),
    ("a*b*c*d*e*/f", "axbxcxdxexxx/fff"), ("a*b?c*x", "abxbbxdbxebxczzy"), ("ab[e-g]", "abc"), ("ab[^c]", "abc"),
    ("ab[^b-d]", "abc"), ("a\\*b", "ab"), ("a???b", "a☺b"), ("a[^a][^a][^a]b", "a☺b"), ("*[a-ä]", "A"),
    ("a?b", "a/b"), ("a*b", "a/b"), ("[x\\-]", "z"), ("[\\-x]", "a"),
    ("TODO", "todo"), ("todo", "TODO"), ("*.MD", "a.md"), ("[a-z]", "A"), ("# x", "x"), ("#x", "#x"), (".", "a"),
    ("/", "a"), ("..", "a"), ("../a", "a"), ("", "a"), ("   ", "a"), (".env", "a/.env"), ("*.pem", "a/b.pem"),
    (".env", ".env.local"), ("a", "ab"), ("a/b", "b"), ("\\d?", "dx"), ("[^\\d]?", "7x"), ("^s*", "^s"),
    ("a?", "a"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "path"), MATCHES)
def test_a_pattern_leaves_out_what_it_matches(pattern: str, path: str) -> None:
    assert read(pattern).ignores(path)


@pytest.mark.parametrize(("pattern", "path"), OTHERS)
def test_and_nothing_else(pattern: str, path: str) -> None:
    assert not read(pattern).ignores(path)


@pytest.mark.parametrize(
    ("lines", "path", "ignored"),
    [
        (["**", "!util/docker/web"], "util/docker/web/foo", False),
        (["**", "!util/docker/web", "util/docker/web/foo"], "util/docker/web/foo", True),
        (["**", "!dist/*.whl"], "dist/proxy.py-2.4.0-py3-none-any.whl", False),
        (["!fileutils.go", "*.go"], "fileutils.go", True),
        (["*.go", "!fileutils.go"], "fileutils.go", False),
        (["docs", "!docs/README.md"], "docs/README.md", False),
        (["docs/", "!docs/README.md"], "docs/README.md", False),
        (["docs/*", "!docs/README.md"], "docs/README.md", False),
        (["docs", "!docs/README.md"], "docs/a.md", True),
        (["docs", "  !docs/README.md  "], "docs/README.md", False),
        (["docs", "! docs/README.md"], "docs/README.md", False),
        (["docs", "!/docs/README.md"], "docs/README.md", False),
        (["docs", "/!docs/README.md"], "docs/README.md", False),
        (["*", "!!x"], "!x", False),
        (["*", "\\!x", "!x"], "!x", True),
        (["*", "!*.md"], "a/b.md", True),
        (["*", "!**/*.md"], "a/b.md", False),
        (["a", "!a/b", "a/b/c"], "a/b/c/d", True),
        (["a", "!a/b", "a/b/c"], "a/b/d", False),
        (["a/b", "!a"], "a/b", True),  # as BuildKit walks: a folder that nothing left out is not taken back
        (["!a"], "a", False),
    ],
)
def test_the_last_pattern_that_matches_decides(lines: list[str], path: str, ignored: bool) -> None:
    assert read(*lines).ignores(path) is ignored


@pytest.mark.parametrize(
    ("content", "left_out"),
    [
        (b"\xef\xbb\xbf.env\r\n# note\r\n\r\nb\r\n", {".env", "b"}),
        (b".env\n\xef\xbb\xbfb\n", {".env"}),
        (b"", set[str]()),
        (b"\n\n", set[str]()),
        (b"\xef\xbb\xbf# .env\nb", {"b"}),
        (b"\xef\xbb\xbf!.env\n", set[str]()),
        (b".env\rb\n", set[str]()),
    ],
)
def test_a_whole_file(content: bytes, left_out: set[str]) -> None:
    ignored = read_ignore_file(content, ".dockerignore")
    assert {name for name in (".env", "b", "c") if ignored.ignores(name)} == left_out


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("!", "an exception must name something"), ("! ", "an exception must name something"),
        ("!/", "an exception must name something"), ("[", "a [ has no ] that ends it"), ("[^", "a [ has no ]"),
        ("[^bc", "a [ has no ]"), ("a[", "a [ has no ]"), ("a/[b", "a [ has no ]"), ("**/a[", "a [ has no ]"),
        ("[]a]", "`]` in a [...] needs a backslash"), ("[-]", "`-` in a [...] needs"), ("[x-]", "`]` in a [...] needs"),
        ("[-x]", "`-` in a [...] needs"), ("[a-b-c]", "`-` in a [...] needs"), ("\\", "a backslash at the end"),
        ("bin\\", "a backslash at the end"), ("!bin\\", "a backslash at the end"), ("[a\\", "a [ has no ]"),
        ("[Local-Only]/", "the range l-O has its end before its beginning"), ("[z-a]", "the range z-a"),
        ("src\\bin\\obj", "a backslash before `o` is no escape; write `o` alone"), ("[[:foo:]]", "called [:foo:]"),
        ("[\udce9]", "bytes that are not UTF-8"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_pattern_is_named(pattern: str, why: str) -> None:
    with pytest.raises(SpecError) as refused:
        read("# first", "", pattern)
    message = str(refused.value)
    assert message.startswith(".dockerignore, line 3: `")
    assert why in message
    assert message.endswith(". Correct that line.")


@pytest.mark.parametrize("content", [".env\n".encode("utf-16"), ".env\n".encode("utf-16-be"), b".env\0"])
def test_another_encoding_is_refused(content: bytes) -> None:
    with pytest.raises(SpecError, match=r"web\.dockerignore is not UTF-8 text .* Save it as UTF-8"):
        read_ignore_file(content, "web.dockerignore")


@pytest.mark.parametrize(
    ("pattern", "kind", "expression"),
    [
        ("*", "expression", "^[^/]*$"), ("file*", "expression", "^file[^/]*$"), ("*file", "expression", "^[^/]*file$"),
        ("a*/b", "expression", "^a[^/]*/b$"), ("**", "suffix", ""), ("**/**", "expression", "^(.*/)?.*$"),
        ("dir/**", "prefix", ""), ("**/dir", "suffix", ""), ("**/dir2/*", "expression", "^(.*/)?dir2/[^/]*$"),
        ("**/dir2/**", "expression", "^(.*/)?dir2/.*$"), ("**file", "suffix", ""),
        ("**/file*txt", "expression", "^(.*/)?file[^/]*txt$"),
        ("**/**/*.txt", "expression", r"^(.*/)?(.*/)?[^/]*\.txt$"), ("a[b-d]e", "expression", "^a[b-d]e$"),
        (".*", "expression", r"^\.[^/]*$"), ("abc.def", "exact", ""), ("abc?def", "expression", "^abc[^/]def$"),
        ("**/foo/bar", "suffix", ""), ("a(b)c/def", "exact", ""), ("a.|)$(}+{bc", "exact", ""),
    ],
)  # fmt: skip
def test_its_expression_is_the_one_of_patternmatcher(pattern: str, kind: Kind, expression: str) -> None:
    made = go_expression(pattern)
    assert made[0] == kind
    assert not expression or made[1] == expression


@given(
    pattern=st.text("ab*?/.", min_size=1, max_size=12),
    path=st.text("ab/.\n", min_size=1, max_size=12),
)
def test_it_matches_as_its_expression_does(pattern: str, path: str) -> None:
    kind, expression = go_expression(pattern)
    if kind == "expression":
        plain = re.compile(rf"{expression[1:-1]}\Z")
        assert compiled(expression).match(path) is bool(plain.match(path))


letters = st.sampled_from(["a", "b", "1", "*", "**", "?", "/", "[ab]", "[^a]", "[a1]", "[/-b]"])


@given(pattern=st.lists(letters, min_size=1, max_size=8).map("".join), path=st.text("ab1/", min_size=1, max_size=10))
def test_with_sets_it_matches_as_its_expression_does(pattern: str, path: str) -> None:
    kind, expression = go_expression(pattern)
    if kind == "expression":
        assert compiled(expression).match(path) is bool(re.fullmatch(expression[1:-1], path))


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 30 + "b", "a" * 250),
        ("**/" * 30 + "*b", "a/" * 60 + "a"),
        ("*" + "[0-9]*" * 6 + ".log", "1" * 250),
        ("*" + "[a]*" * 7 + "b", "a" * 250),
        ("**a" * 10 + "**b", "a/" * 199 + "a"),
        ("***a" * 7 + "***b", "a/" * 199 + "a"),
        ("[*]" * 12 + "b", "/" * 250),
        ("[[:^alpha:]\\d]" * 60 + "*b", "1" * 250),
        ("[^[:^alpha:]\\d]" * 60 + "*b", "a" * 250),
        ("*?" * 60 + "b", "a" * 250),
        ("**/*[a]" * 30 + "b", "a/" * 60 + "a"),
        ("\\B*" * 60 + "b", "a" * 250),
    ],
)
def test_a_hostile_pattern_comes_to_an_end(pattern: str, path: str) -> None:
    """Tried one way after the other it would not in this life."""
    assert not read(pattern).ignores(path)


@pytest.mark.parametrize(
    ("lines", "folder", "may"),
    [
        (["a"], "a", False),
        (["a", "!a/b"], "a", True),
        (["a", "!a/b/c"], "a/b", True),
        (["a", "!ab"], "a", False),
        (["a", "!b"], "a", False),
        (["a", "!a/**"], "a", True),
        (["a", "!**/*.md"], "a", True),
        (["a", "!*.md"], "a", True),
    ],
)
def test_a_folder_is_entered_where_something_in_it_may_be_taken_back(lines: list[str], folder: str, may: bool) -> None:
    assert read(*lines).may_keep_below(folder) is may
