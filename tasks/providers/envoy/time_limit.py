"""What a client gets when an app has not begun its answer in time: 504 at once, and not another try.

Envoy tries again after its limit of a try wherever it tries again after a reset. It marks that try, and the first
filter on its way to a replica ends it there. A retry after a reset has no mark and goes on.
"""

from tasks.providers.envoy.messages import Json, typed

RETRY_AFTER_SECONDS = 5
_LUA = "extensions.filters.http.lua.v3.Lua"
_WITH_MATCHER = "extensions.common.matching.v3.ExtensionWithMatcher"
_HEADER = "type.matcher.v3.HttpRequestHeaderMatchInput"
_SKIP = "extensions.filters.common.matcher.action.v3.SkipFilter"
MARK = "x-envoy-is-timeout-retry"
"""The header of such a try: no client can send it, and no app is told it."""
_SOURCE = """
function envoy_on_request(request)
  request:respond({[":status"] = "504", ["content-type"] = "text/plain"}, "upstream request timeout")
end
"""


def no_second_try() -> Json:
    """The filter of a try. To start Lua costs a tenth of a request, so it starts only where the mark is."""
    marked = {"input": typed("header", _HEADER, {"header_name": MARK}), "value_match": {"exact": "true"}}
    skip = {
        "predicate": {"not_matcher": {"single_predicate": marked}},
        "on_match": {"action": typed("skip", _SKIP)},
    }
    lua = typed("envoy.filters.http.lua", _LUA, {"default_source_code": {"inline_string": _SOURCE}})
    settings = {"extension_config": lua, "xds_matcher": {"matcher_list": {"matchers": [skip]}}}
    return typed("time-limit", _WITH_MATCHER, settings)


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
