"""What the server of files is told: which folder, as whom, and nothing that a folder's name could add."""

import pytest

from infra_specs.errors import ProviderError
from tasks.providers.nginx import conf

pytestmark = pytest.mark.pure


def test_it_listens_where_it_is_told_and_runs_as_who_starts_it_or_as_root() -> None:
    assert "listen 127.0.0.1:8080 " in conf(8080, "/v", "/.well")
    assert "listen 0.0.0.0:80 " in conf(80, "/v", "/.well", address="0.0.0.0")
    assert "user " not in conf(8080, "/v", "/.well")
    assert conf(8080, "/v", "/.well", user="root").startswith("user root;\n")


def test_no_folder_breaks_out_of_its_quotes() -> None:
    assert r'root "/v/a\" b\\; {x}";' in conf(8080, '/v/a" b\\; {x}', "/.well")
    with pytest.raises(ProviderError, match=r"no folder with a \$ in its path, as /v/\$host: set TENFOLD_HOME"):
        conf(8080, "/v/$host", "/.well")


@pytest.mark.parametrize("line", ["disable_symlinks on from=$document_root;", "access_log off;", "server_tokens off;"])
def test_it_keeps_to_the_folder_and_tells_nothing(line: str) -> None:
    assert line in conf(8080, "/v", "/.well")
    assert "autoindex" not in conf(8080, "/v", "/.well")
