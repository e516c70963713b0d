"""What API Gateway answers before our code is asked, in our own form and words.

The gateway cannot see which language a caller reads, so both sentences are said. It belongs into the API's
document: apart from it, a changed answer would not be deployed with the stage.
"""

import json
from typing import Any

from chalicelib.handlers.problems import problem
from chalicelib.handlers.reading import MOST_BODY_BYTES

ANSWERS = {
    "UNAUTHORIZED": "not_signed_in",
    "EXPIRED_TOKEN": "bad_token",
    "INVALID_SIGNATURE": "bad_token",
    "ACCESS_DENIED": "forbidden",
    "INVALID_API_KEY": "forbidden",
    "WAF_FILTERED": "forbidden",
    # Its name misleads: it is given where there is no such route.
    "MISSING_AUTHENTICATION_TOKEN": "not_found",
    "RESOURCE_NOT_FOUND": "not_found",
    "BAD_REQUEST_BODY": "malformed_json",
    "REQUEST_TOO_LARGE": "body_too_large",
    "UNSUPPORTED_MEDIA_TYPE": "unsupported_media_type",
    "THROTTLED": "too_many_requests",
    "QUOTA_EXCEEDED": "too_many_requests",
    "DEFAULT_4XX": "bad_request",
    # The authorizer raises only when it cannot reach a verdict: the same request may pass a moment later.
    "AUTHORIZER_FAILURE": "unavailable",
    "INTEGRATION_FAILURE": "unavailable",
    "INTEGRATION_TIMEOUT": "unavailable",
    "DEFAULT_5XX": "internal",
}
"""Type of the gateway's answer -> our code. Types that are not named fall under one of the defaults."""

FACTS = {"most": MOST_BODY_BYTES, "id": "$context.requestId"}
RETRY_AFTER_S = {"too_many_requests": 1, "unavailable": 2}


def responses() -> dict[str, Any]:
    """As `GatewayResponses` of AWS::Serverless::Api."""
    return {kind: _response(code) for kind, code in ANSWERS.items()}


def _response(code: str) -> dict[str, Any]:
    status, chinese = problem(code, FACTS, "zh")
    _, english = problem(code, FACTS, "en")
    document = {name: english[name] for name in ("type", "title", "status", "code")}
    document["detail"] = f"{chinese['detail']} {english['detail']}"
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if seconds := RETRY_AFTER_S.get(code):
        headers["Retry-After"] = str(seconds)
        document["retry_after_s"] = seconds
    if status == 500:
        document["id"] = FACTS["id"]
    return {
        "StatusCode": str(status),
        "ResponseParameters": {"Headers": {name: f"'{value}'" for name, value in headers.items()}},
        "ResponseTemplates": {"application/json": json.dumps(document, ensure_ascii=False)},
    }
