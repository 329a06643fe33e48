"""A run that is a fork keeps to the timeout of its flow, with Prefect's own engine in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prefect.settings import get_current_settings

from tests.support.prefect_server import running

pytestmark = [pytest.mark.local, pytest.mark.prefect, pytest.mark.proof]
FLOW = """
import asyncio
from prefect import flow

@flow(timeout_seconds=1)
async def slow() -> None:
    await asyncio.sleep(600)
"""
PROGRAM = """
import asyncio
import slow_flow
from deployments.server.forked_runs import ForkingRunner, Template
from deployments.server.run_template import fork_template
from prefect.client.orchestration import get_client
from prefect.types.entrypoint import EntrypointType

asked = fork_template()

async def main() -> None:
    template = Template(asked)
    runner = ForkingRunner(template, name="tests", limit=1)
    deployment = await slow_flow.slow.ato_deployment(name="slow", entrypoint_type=EntrypointType.MODULE_PATH)
    id = await runner.aadd_deployment(deployment)
    async with get_client() as client, template, runner:
        run = await client.create_flow_run_from_deployment(id)
        await runner._scheduled_run_poller.run_once()
        print((await client.read_flow_run(run.id)).state.name)

asyncio.run(main())
"""


def test_a_run_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    (tmp_path / "slow_flow.py").write_text(FLOW)
    with running(tmp_path):
        asked_with = get_current_settings().to_environment_variables(exclude_unset=True)
        environment = {**os.environ, **asked_with, "PYTHONPATH": f"{Path.cwd()}:{tmp_path}"}
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        )
    assert ended.stdout.splitlines()[-1] == "TimedOut", ended.stderr
