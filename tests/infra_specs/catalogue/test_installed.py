"""An installation goes on: no version of Tenfold makes another resource of the same spec, unless that is its purpose.

Where it is, write `installed.json` anew and say in the change log what is replaced:
`python -m tests.infra_specs.catalogue.test_installed`.
"""

import json
from pathlib import Path

import pytest

from tests.infra_specs.catalogue.installed import marks

pytestmark = pytest.mark.pure

FILE = Path(__file__).with_name("installed.json")


@pytest.mark.parametrize("stack", json.loads(FILE.read_text()) if FILE.exists() else [])
def test_the_same_spec_makes_the_same_resources(stack: str) -> None:
    made, written = marks()[stack], json.loads(FILE.read_text())[stack]
    assert list(made.items()) == list(written.items())


def test_every_stack_is_written() -> None:
    assert list(marks()) == list(json.loads(FILE.read_text()))


if __name__ == "__main__":
    FILE.write_text(json.dumps(marks(), indent=2) + "\n")
