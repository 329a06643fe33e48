"""The application that answers for the status page and /metrics. Who may ask is decided before, by the front door."""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

from fastapi import FastAPI, Query
from starlette.responses import JSONResponse, PlainTextResponse, Response

from deployments.server.page.files import PAGE_FILE, PAGE_PATH, page_file
from infra_specs.errors import TenfoldError, UnknownStack
from tasks.base.settings import Settings

METRICS_PATH = "/metrics"
NOT_KEPT = {"Cache-Control": "no-store"}
StackName = Annotated[str, Query(min_length=1, max_length=40)]
Days = Annotated[float, Query(gt=0, le=366)]


def is_page(path: str) -> bool:
    """Whether this application answers for a path."""
    return path in (PAGE_PATH, METRICS_PATH) or path.startswith(f"{PAGE_PATH}/")


def page_app(here: Settings) -> FastAPI:
    """The application of one installation. Its ledger is opened when data is first asked for, and stays open."""
    app = FastAPI(title="Tenfold", docs_url=None, redoc_url=None, openapi_url=None)

    @cache
    def source() -> Any:
        # With all that a stack is computed from: a server whose page nobody looks at does without.
        from deployments.server.page.source import Source  # noqa: PLC0415

        return Source.open(here)

    def answered(give: Callable[[Any], Response]) -> Response:
        try:
            return give(source())
        except UnknownStack as error:
            return _fault(404, error)
        except TenfoldError as error:
            return _fault(503, error)

    @app.get(PAGE_PATH)
    def page() -> Response:
        return _file(PAGE_FILE)

    @app.get(f"{PAGE_PATH}/data")
    def data() -> Response:
        return answered(lambda source: _json(source.overview()))

    @app.get(f"{PAGE_PATH}/series")
    def series(stack: StackName, days: Days = 1.0) -> Response:
        return answered(lambda source: _json(source.series(stack, days)))

    @app.get(f"{PAGE_PATH}/report")
    def report(stack: StackName) -> Response:
        return answered(lambda source: _json(source.report(stack)))

    @app.get(f"{PAGE_PATH}/{{name}}")
    def file(name: str) -> Response:
        return _file(name)

    @app.get(METRICS_PATH)
    def metrics() -> Response:
        return answered(lambda source: Response(source.metrics(), media_type=source.METRICS_TYPE, headers=NOT_KEPT))

    return app


def _json(document: object) -> Response:
    return JSONResponse(document, headers=NOT_KEPT)


def _fault(status: int, error: TenfoldError) -> Response:
    return JSONResponse({"exception_message": str(error)}, status_code=status, headers=NOT_KEPT)


def _file(name: str) -> Response:
    file = page_file(name)
    return file.response() if file else PlainTextResponse("There is nothing here.", status_code=404)
