"""The engine over HTTP, for interpreters of their own: one address that is the table, the queue and the secrets."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from botocore.exceptions import ClientError

from .core import Engine

Asked = dict[str, Any]


@contextmanager
def served(engine: Engine, secrets: Mapping[str, str]) -> Iterator[str]:
    """The address, while it lasts. Calls are answered one at a time."""
    turn = Lock()
    said = {
        "AmazonSQS.SendMessageBatch": _taken,
        "secretsmanager.GetSecretValue": lambda asked: {"SecretString": json.dumps(dict(secrets))},
    }

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            target = self.headers["X-Amz-Target"]
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with turn:
                status, answer = _answer(engine, said, target, asked)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def _answer(
    engine: Engine, said: Mapping[str, Callable[[Asked], Asked]], target: str, asked: Asked
) -> tuple[int, Asked]:
    if target in said:
        return 200, said[target](asked)
    try:
        return 200, engine.call(target.rpartition(".")[2], asked)
    except ClientError as error:
        told = {name: held for name, held in error.response.items() if name not in ("Error", "ResponseMetadata")}
        return 400, {"__type": error.response["Error"]["Code"], "message": error.response["Error"]["Message"], **told}


def _taken(asked: Asked) -> Asked:
    return {
        "Successful": [{"Id": one["Id"], "MessageId": one["Id"], "MD5OfMessageBody": ""} for one in asked["Entries"]]
    }
