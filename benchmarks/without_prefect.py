"""The flows' own work without Prefect's: no run, no page, no polling for work. What Prefect adds is measured apart."""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

from prefect import Flow, Task

from flows.engine.frame import MAX_CALLS


def without_prefect() -> None:
    """From now on call the plain functions inside of tasks, and show nothing: in all that is imported by now."""
    for module in _modules():
        for name, value in list(vars(module).items()):
            if isinstance(value, Task):
                setattr(module, name, value.fn)
            elif name.startswith("show_") and asyncio.iscoroutinefunction(value):
                setattr(module, name, _nothing)
            elif name == "unrecorded":
                setattr(module, name, _call)
            elif name == "get_run_logger":
                module.get_run_logger = lambda: logging.getLogger("benchmark")  # type: ignore[attr-defined]


def run(flow: Flow[..., Any], **parameters: Any) -> Any:
    """What a flow does, from its first line to its report, with as many threads as it has in a run."""

    async def alone() -> Any:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(MAX_CALLS))
        return await flow.fn.__wrapped__(**parameters)  # type: ignore[attr-defined]

    return asyncio.run(alone())


async def _call(work: Callable[..., Coroutine[Any, Any, Any]], *args: Any, **kwargs: Any) -> Any:
    return await work(*args, **kwargs)


async def _nothing(*_: Any, **__: Any) -> None:
    return None


def _modules() -> list[ModuleType]:
    return [module for name, module in list(sys.modules.items()) if name.startswith(("flows.", "tasks."))]
