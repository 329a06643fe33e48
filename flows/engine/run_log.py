"""What a run's log says: the plan's own words, and no more of the engine's than a person can use."""

import logging

spoken_by = ("prefect.flow_runs", "prefect.task_runs")


def speak_plainly() -> None:
    """Leave out what the engine says at the end of each task and of the run; ours says it in its own words.

    Retries and tracebacks stay. Calling it again changes nothing.
    """
    for name in spoken_by:
        logging.getLogger(name).addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    # `Finished in state Completed()` after every task; of a failure it repeats the message with its newlines as `\n`.
    return not str(record.msg).startswith("Finished in state")
