"""Names of files that are mostly in an image by mistake."""

import pytest

from infra_specs.builds.private import private_names, warning

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    "name",
    [
        ".env", ".env.local", ".envrc", ".ENV", "id_rsa", "id_ed25519", "server.pem", "SERVER.PEM", "tls.key", "a.p12",
        "a.pfx", ".netrc", ".npmrc", ".pypirc", ".pgpass", ".git-credentials", ".git", "terraform.tfstate",
        "config/.env", "certs/server.pem", ".docker/config.json", "home/.docker/config.json",
    ],
)  # fmt: skip
def test_files_that_are_named(name: str) -> None:
    assert private_names([("app.py", False), (name, False), ("z", False)]) == (name,)


@pytest.mark.parametrize(
    "name", ["env", "a.env", "identity", "pem", "keys", "x.keyx", ".gitignore", ".github", "a.git"]
)
def test_files_that_are_not(name: str) -> None:
    assert private_names([(name, False)]) == ()


def test_a_folder_is_named_and_not_what_it_holds() -> None:
    paths = [
        (".aws", True), (".aws/credentials", False), (".git", True), (".git/config", False), (".git/id_x", False),
        (".gitx", False), ("docs", True), ("docs/.env", False), ("id_cards", True), ("x.key", True),
    ]  # fmt: skip
    assert private_names(paths) == (".aws", ".git", "docs/.env")


def test_the_sentence_names_them() -> None:
    assert warning("web", "/srv/shop", ()) == ""
    assert warning("web", "/srv/shop", (".env", ".git")) == (
        "web: /srv/shop has no .dockerignore, so its build can copy these into the image: .env, .git. Name in a "
        ".dockerignore there what no image shall hold."
    )
    assert " and 3 more. " in warning("web", "/srv/shop", tuple(f"{number}.pem" for number in range(15)))
