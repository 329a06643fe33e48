"""The engine's errors as ours."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from infra_specs.errors import ProviderError, TransientError


@contextmanager
def translated() -> Iterator[None]:
    """A block in which an engine's refusal becomes ProviderError, and an engine that is silent TransientError."""
    try:
        yield
    except APIError as error:
        raise _refusal(error) from error
    except (RequestException, DockerException, OSError) as error:
        raise TransientError(f"the Docker Engine did not answer: {root_cause(error)}") from error


def engine_message(error: APIError) -> str:
    """The engine's own words."""
    return str(error.explanation or error).strip()


def root_cause(error: BaseException) -> str:
    """The words of the error that all began with."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return str(error)


def _refusal(error: APIError) -> ProviderError:
    message = engine_message(error)
    if "no space left" in message:
        return ProviderError(
            f"the Docker Engine's disk is full: {message}. Make room (docker system df shows what takes it) and run it "
            "again."
        )
    busy = error.status_code in (502, 503, 504) or "is already in progress" in message
    return (TransientError if busy else ProviderError)(f"the Docker Engine refused: {message}")
