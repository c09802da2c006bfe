"""The front door: preflights as the function answers them, a throttle, logs without keys."""

import json
import re
from typing import Any

from sluice.ingest.answers import CORS, PREFLIGHT


def test_the_gateway_gives_the_same_cors_answer_as_the_function(of_type: Any) -> None:
    (api,) = of_type("AWS::ApiGatewayV2::Api").values()
    cors = api["CorsConfiguration"]
    answers = {
        "Access-Control-Allow-Origin": cors["AllowOrigins"],
        "Access-Control-Expose-Headers": cors["ExposeHeaders"],
        "Access-Control-Allow-Methods": cors["AllowMethods"],
        "Access-Control-Allow-Headers": cors["AllowHeaders"],
        "Access-Control-Max-Age": [cors["MaxAge"]],
    }
    given = {name: ", ".join(map(str, values)) for name, values in answers.items()}
    assert given == {**CORS, **PREFLIGHT.headers}


def test_one_route_takes_every_path_and_method(of_type: Any) -> None:
    assert [route["RouteKey"] for route in of_type("AWS::ApiGatewayV2::Route").values()] == ["$default"]
    assert [stage["StageName"] for stage in of_type("AWS::ApiGatewayV2::Stage").values()] == ["$default"]
    (integration,) = of_type("AWS::ApiGatewayV2::Integration").values()
    assert integration["PayloadFormatVersion"] == "2.0"


def test_the_stage_is_throttled_by_parameters(of_type: Any) -> None:
    (stage,) = of_type("AWS::ApiGatewayV2::Stage").values()
    assert stage["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": {"Ref": "ApiThrottleRate"},
        "ThrottlingBurstLimit": {"Ref": "ApiThrottleBurst"},
    }


def test_access_logs_are_json_without_path_query_and_address(of_type: Any) -> None:
    (stage,) = of_type("AWS::ApiGatewayV2::Stage").values()
    assert json.loads(stage["AccessLogSettings"]["Format"])
    logged = set(re.findall(r"\$context\.([\w.]+)", stage["AccessLogSettings"]["Format"]))
    assert "status" in logged
    assert not [name for name in logged if re.search(r"path|query|sourceIp|authorizer", name, re.IGNORECASE)]
