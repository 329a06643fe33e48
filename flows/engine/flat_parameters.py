"""Flat parameters: a flow that takes an options model shows each field of it as a parameter of its own.

Prefect's deployments, its form and its API know the parameters of a flow by these names.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from inspect import signature
from typing import Any, TypeVar

from pydantic import BaseModel

R = TypeVar("R")
OPTIONS = "options"
"""The parameter that the fields take the place of."""


def flat_parameters(
    model: type[BaseModel],
) -> Callable[[Callable[..., Coroutine[Any, Any, R]]], Callable[..., Coroutine[Any, Any, R]]]:
    """Replace the parameter `options` of a coroutine by the fields of `model`, as keyword parameters.

    The call raises pydantic's ValidationError for a value that the model refuses.
    """

    fields = signature(model).parameters

    def flattened(function: Callable[..., Coroutine[Any, Any, R]]) -> Callable[..., Coroutine[Any, Any, R]]:
        @wraps(function)
        async def with_fields(*args: Any, **kwargs: Any) -> R:
            options = model(**{name: kwargs.pop(name) for name in fields if name in kwargs})
            return await function(*args, **kwargs, **{OPTIONS: options})

        own = signature(function)
        with_fields.__signature__ = own.replace(  # type: ignore[attr-defined]  # what `inspect.signature` answers with
            parameters=[
                parameter
                for name, declared in own.parameters.items()
                for parameter in (fields.values() if name == OPTIONS else [declared])
            ]
        )
        return with_fields

    return flattened
