"""Names of images: the table that the distribution project tests its own grammar with, and what we say of bad ones."""

import jsonschema
import pytest

from infra_specs.stackfile.models.image_name import LONGEST_IMAGE, REFERENCE, has_registry, image_fault, registry_fault

pytestmark = pytest.mark.pure

ID = "1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a"
SHA256, SHA512 = f"sha256:{'f' * 64}", f"sha512:{'f' * 128}"
VALID = (
    "test_com", "test.com:tag", "test.com:5000", "test.com/repo:tag", "test:5000/repo", "test:5000/repo:tag",
    f"test:5000/repo@{SHA256}", f"test:5000/repo:tag@{SHA256}", "lowercase:Uppercase", "Uppercase/lowercase:tag",
    f"{'a/' * 127}a:tag-puts-this-over-max", "sub-dom1.foo.com/bar/baz/quux:some-long-tag",
    "b.gcr.io/test.example.com/my-app:test.example.com", "xn--n3h.com/myimage:xn--n3h.com",
    f"xn--7o8h.com/myimage:xn--7o8h.com@{SHA512}", "foo_bar.com:8080", "foo/foo_bar.com:8080", "192.168.1.1",
    "192.168.1.1:tag", "192.168.1.1:5000/repo:5050", "[2001:db8::1]/repo", "[2001:db8:1:2:3:4:5:6]/repo:tag",
    "[2001:db8::1]:5000/repo", f"[2001:db8::1]:5000/repo:tag@{SHA256}", "[2001:db8::]:5000/repo", "[::1]:5000/repo",
    f"example.com/{'a' * 255}:tag", f"a:{'t' * 128}",
    "docker/docker", "library/debian", "debian", "docker.io/docker/docker", "index.docker.io/debian",
    "127.0.0.1:5000/library/debian", "thisisthesongthatneverendsitgoesonandonandonthisisthesongthatnev",
    f"docker.io/{ID}", "Docker/docker", "docker-rules/docker", "docker---rules/docker", "d/docker", "dock__er/docker",
    "aa/aa/aa/aa/aa/aa/aa/aa/aa/bb/bb/bb/bb/bb/bb", "foo.com:8080/bar", "aa-a/a", "foo_bar.com", "foo.com/foo_bar",
    "example.com/some_separator__underscore/myimage", "do__cker/docker", "0101.com/a", "a.b/c",
    "registry.io/foo/project--id.module--name.ver---sion--name", f"localhost:8080@{SHA256}",
    f"localhost:http@{SHA256}", "a:yep-", "a:_b", "a:v0.0.0-alpha.1.beta.2", "my_app:1", "my_org/my_app:1",
)  # fmt: skip
INVALID = (
    "", ":justtag", f"@{SHA256}", f"repo@sha256:{'f' * 34}", f"validname@invaliddigest:{'f' * 64}", "Uppercase:tag",
    "test:5000/Uppercase/lowercase:tag", f"{'a/' * 128}a:tag", "aa/asdf$$^/aa", "[2001:db8::1]", "[2001:db8::1]:5000",
    "[2001:db8::1]:tag", "[fe80::1%eth0]:5000/repo", "[fe80::1%@invalidzone]:5000/repo", f"example.com/{'a' * 256}",
    f"a:{'t' * 129}", "https://github.com/docker/docker", "docker/Docker", "-docker", "-docker/docker",
    "-docker.io/docker/docker", "docker///docker", "docker.io/docker/Docker", "docker.io/docker///docker",
    "fc00::1:5000/debian", "[2001:db8:3:4::192.0.2.33]:5000/debian", "[::ffff:192.168.0.1]/docker", ID,
    "docker-/docker", "-docker-/docker", "____/____", "_docker/_docker", "dock..er/docker", "dock_.er/docker",
    "dock-.er/docker", "docker/", f"{'this_is_not_a_valid_namespace_because_its_length_is_over_255_' * 5}/docker",
    "a/a/a/a/", "a//a/a",
    "foo.com/", "foo.com:http/bar", "a^a", "a-/a/a/a", "foo.com/a-/a/a", "foo/bar-", "foo-/bar", "foo/-bar",
    "foo_bar.com:8080/app", "docker_/docker_", "example.com/__underscore/myimage", "example.com/..dots/myimage",
    "example.com/.dots/myimage", "example.com/nodouble..dots/myimage", "docker./docker", ".docker/docker",
    "do..cker/docker", "do__cker:8080/docker", "registry.com:8080/myapp@sha256:badbadbadbad",
    "registry.com:8080/myapp:invalid~tag", "bad_hostname.com:8080/myapp:tag", f"localhost:http/name@{SHA256}",
    "registry.com:8080/myapp@bad", "registry.com:8080/myapp@2bad", f"a@sha256:{'F' * 64}", "a:no, siree", "a:-nope",
    "a:nah-\u00b1-mate", "a:erm;no", "a:stop:it", "a:bored,now", "a:0.0.0+abc", "a:", "a@", "a:b@", "Shop:1", "a\n",
    "docker.artifactory.us.foo.mycompany.com/bar/node?18", " a", "a ",
)  # fmt: skip


@pytest.mark.parametrize("name", VALID)
def test_a_name_that_registries_take(name: str) -> None:
    assert image_fault(name) is None
    jsonschema.validate(name, {"pattern": f"^{REFERENCE}$"})


@pytest.mark.parametrize("name", INVALID)
def test_a_name_that_they_refuse(name: str) -> None:
    assert image_fault(name)


def test_the_reason_says_what_to_write() -> None:
    assert image_fault("Shop:Beta") == "an image's name has no capital letters before its tag. Write shop:Beta"
    assert image_fault("r:5000/Shop") == "an image's name has no capital letters before its tag. Write r:5000/shop"
    assert image_fault(ID) == f"is an image's id and no name. Write sha256:{ID}"
    assert image_fault(f"sha256:{ID}") is None
    assert image_fault("a" * 256) == "an image's name has at most 255 characters before its tag"
    assert image_fault("a b") == "must be an image's name, as postgres:18 or registry.example.com/shop:2"


def test_the_longest_name_is_judged_soon() -> None:
    assert image_fault(f"{'a' * (LONGEST_IMAGE - 1)}!")
    assert image_fault("a-" * (LONGEST_IMAGE // 2))


@pytest.mark.parametrize(
    ("name", "is_good"),
    [
        ("registry.example.com", True), ("127.0.0.1:5000", True), ("localhost:5000/hub/one", True), ("hub", True),
        ("tenfold-test", True), ("[::1]:5000", True), ("Registry.Example.com/a", True), ("a/B", False),
        ("a:tag", False), ("https://a.b", False), ("a/", False), (f"a@{SHA256}", False),
    ],
)  # fmt: skip
def test_where_images_are_mirrored(name: str, is_good: bool) -> None:
    assert (registry_fault(name) is None) == is_good


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("debian", False), ("debian:12", False), ("library/debian", False), ("a.b/c", True), ("a:1/c", True),
        ("localhost/c", True), ("Docker/docker", True), ("a_b/c", False),
    ],
)  # fmt: skip
def test_a_registry_is_told_from_a_part_of_the_name(name: str, expected: bool) -> None:
    assert has_registry(name) == expected
