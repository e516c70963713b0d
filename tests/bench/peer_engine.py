"""A DynamoDB of another make on a free port of this machine: for contention and load in real time.

dynoxide comes from npm into .build/, once; ministack is the local stack's engine, here with tables alone. Neither knows
throttling or conflicts; those are in `hot.py`.
"""

import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from infra.local.stack import BARE_PYTHON, CHILD, LIBRARIES, end, engine_environment
from infra.package import ROOT
from tests.engine.template import core_properties

FOLDER = ROOT / ".build" / "dynoxide"
BINARY = FOLDER / "node_modules" / "@dynoxide" / "linux-x64" / "dynoxide"
PACKAGE = "@dynoxide/linux-x64@1.2.1"
KEYS = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench", "region_name": "eu-central-1"}


class NotHere(Exception):
    """The engine can't be had on this machine; what needs it is left out."""


def binary() -> Path:
    if not BINARY.exists():
        if shutil.which("npm") is None:
            raise NotHere("dynoxide comes from npm, which is not installed")
        FOLDER.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--prefix", str(FOLDER), PACKAGE]
        if subprocess.run(command, capture_output=True).returncode or not BINARY.exists():
            raise NotHere(f"npm could not install {PACKAGE}")
    return BINARY


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def started(tables: tuple[str, ...], engine: str = "dynoxide") -> Iterator[str]:
    """Its address, with these tables made from the template. It ends with the block."""
    with {"dynoxide": _dynoxide, "ministack": _ministack}[engine]() as url:
        _wait(url)
        client = raw_client(url)
        for table in tables:
            create(client, table)
        yield url


@contextmanager
def _ministack() -> Iterator[str]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="races-") as name:
        home = Path(name)
        for folder in ("state", "tmp"):
            (home / folder).mkdir()
        told = engine_environment(home, port, KEYS["region_name"]) | {"AUTH": "false", "PERSIST_STATE": "0"}
        engine = subprocess.Popen(
            [BARE_PYTHON, "-I", "-u", str(CHILD), str(LIBRARIES), "ministack"], cwd=home, env=told, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            end(engine)


@contextmanager
def _dynoxide() -> Iterator[str]:
    port = free_port()
    command = [str(binary()), "--host", "127.0.0.1", "--port", str(port)]
    engine = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        engine.terminate()
        engine.wait(10)


def create(client: Any, table: str) -> None:
    properties = core_properties()
    wanted = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    client.create_table(TableName=table, **{name: properties[name] for name in wanted})


def raw_client(url: str) -> Any:
    limits = Config(max_pool_connections=4, retries={"mode": "standard", "total_max_attempts": 2})
    return boto3.session.Session(**KEYS).client("dynamodb", endpoint_url=url, config=limits)


def _wait(url: str) -> None:
    for _ in range(400):
        try:
            urllib.request.urlopen(url, timeout=1)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise NotHere("the engine did not start")
