"""What a client gets when an app has not begun its answer in time: 504 at once, and not another try.

Envoy tries again after its limit of a try wherever it tries again after a reset. It marks that try, and the first
filter on its way to a replica ends it there. A retry after a reset has no mark and goes on.
"""

from tasks.providers.envoy.messages import Json, typed

RETRY_AFTER_SECONDS = 5
_LUA = "extensions.filters.http.lua.v3.Lua"
_MARK = "x-envoy-is-timeout-retry"
_SOURCE = f"""
function envoy_on_request(request)
  if request:headers():get("{_MARK}") == "true" then
    request:respond({{[":status"] = "504", ["content-type"] = "text/plain"}}, "upstream request timeout")
  end
end
"""


def no_second_try() -> Json:
    """The filter of a try; the mark is removed behind it, with all else that is Envoy's own."""
    return typed("envoy.filters.http.lua", _LUA, {"default_source_code": {"inline_string": _SOURCE}})


def retry_after() -> Json:
    """What the proxy adds to its own 503 and 504, and to nothing that an app answers."""
    limits = [
        {
            "status_code_filter": {
                "comparison": {"op": op, "value": {"default_value": status, "runtime_key": "tenfold.x"}}
            }
        }
        for op, status in (("GE", 503), ("LE", 504))
    ]
    header = {"header": {"key": "retry-after", "value": str(RETRY_AFTER_SECONDS)}}
    return {"mappers": [{"filter": {"and_filter": {"filters": limits}}, "headers_to_add": [header]}]}
