"""Running a flow in this process to the end that a test expects."""

from typing import Any

from prefect import Flow
from prefect.client.schemas.objects import State, StateType


async def go(flow: Flow[..., Any], **parameters: Any) -> State[Any]:
    state: State[Any] = await flow(**parameters, return_state=True)  # type: ignore[misc]
    return state


async def done(flow: Flow[..., Any], **parameters: Any) -> str:
    """Its message, having completed."""
    state = await go(flow, **parameters)
    assert state.type is StateType.COMPLETED, state.message
    return state.message or ""


async def failed(flow: Flow[..., Any], **parameters: Any) -> str:
    """Its message, having failed."""
    state = await go(flow, **parameters)
    assert state.type is StateType.FAILED, state.message
    return state.message or ""
