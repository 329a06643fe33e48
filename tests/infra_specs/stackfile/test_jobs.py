"""Jobs as a person writes them: when they are due, and what is refused."""

from typing import Any

import pytest

from infra_specs.backup.copied import copy_of
from infra_specs.errors import SpecError
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import load

pytestmark = pytest.mark.pure

TEXT = """\
name: shop
target: {{provider: memory}}
services:
  web: {{command: run, port: 80}}
  worker: {{command: work}}
jobs:
  nightly: {job}
"""
JOB = '{service: web, command: python manage.py clean, at: "04:30"}'


def read(job: str = JOB) -> Stack:
    return load(TEXT.format(job=job), "stack.yaml")


def test_a_job_in_few_words() -> None:
    job = read().jobs["nightly"]
    assert (job.service, job.command, job.timezone, job.timeout) == (
        "web", ["python", "manage.py", "clean"], "UTC", 3600,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("at", "cron"),
    [
        ("04:30", "30 4 * * *"),
        ("00:00", "0 0 * * *"),
        ("Mon-Sun 04:30", "30 4 * * *"),
        ("Mon-Fri 04:30", "30 4 * * 1,2,3,4,5"),
        ("Sun 23:59", "59 23 * * 0"),
        ("Sat,Sun 10:00", "0 10 * * 6,0"),
        ("Sat-Mon 10:00", "0 10 * * 1,6,0"),
    ],
)
def test_its_times_as_a_line_of_cron(at: str, cron: str) -> None:
    assert read(f'{{service: web, command: run, at: "{at}"}}').jobs["nightly"].cron == cron


@pytest.mark.parametrize(
    ("job", "message"),
    [
        (
            '{service: web, command: run, at: "25:00"}',
            "jobs.nightly.at: found `25:00`, must be days and a time of day, as Mon-Fri 08:00 or Sat,Sun 10:00, or a "
            "time alone for every day",
        ),
        (
            '{service: wbe, command: run, at: "04:30"}',
            "jobs.nightly.service: found `wbe`, and there is no such service. There are: web, worker.",
        ),
        ("{service: web, command: run}", "jobs.nightly.at: "),
        ('{service: web, command: "", at: "04:30"}', "jobs.nightly.command"),
        ('{service: web, command: run, at: "04:30", timeout: 0}', "jobs.nightly.timeout"),
        ('{service: web, command: run, at: "04:30", timezone: Europe/Bärlin}', "jobs.nightly.timezone"),
    ],
)
def test_what_is_refused(job: str, message: str) -> None:
    with pytest.raises(SpecError) as refused:
        read(job)
    assert message in str(refused.value), str(refused.value)


def test_a_job_of_a_broken_service_is_no_second_fault() -> None:
    text = TEXT.format(job=JOB).replace("port: 80", "prot: 80")
    with pytest.raises(SpecError) as refused:
        load(text, "stack.yaml")
    assert "jobs." not in str(refused.value)


def test_a_copy_of_a_stack_has_no_jobs() -> None:
    """They would do their work twice: letters would be sent from the copy, too."""
    stack: Any = read()
    assert copy_of(stack, "shop-copy").jobs == {}
