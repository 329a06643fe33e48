"""The current Prefect run, and its log."""

import logging

from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext

from tasks.base.clock import now
from tasks.run.tags import is_of_drift

LOGGERS = ("prefect.flow_runs", "prefect.task_runs")


def silence_prefect() -> None:
    """Leave out what the engine says at the end of each task and of the run; ours says it in its own words.

    Retries and tracebacks stay. Calling it again changes nothing.
    """
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    # `Finished in state Completed()` after every task; of a failure it repeats the message with its newlines as `\n`.
    return not str(record.msg).startswith("Finished in state")


def current_run() -> FlowRun | None:
    """The current flow run; None where a flow is called without Prefect's engine."""
    context = FlowRunContext.get()
    return context.flow_run if context else None


def is_asked_for() -> bool:
    """Whether a person or a decision asked for the current run; False for one of a schedule, or of drift."""
    run = current_run()
    return run is None or not (run.auto_scheduled or is_of_drift(run))


def seconds_late(run: FlowRun) -> float:
    """Seconds since the scheduled start of the run; 0 for a run without one."""
    return now() - run.expected_start_time.timestamp() if run.expected_start_time else 0.0
