"""`make invoke FUNCTION=tick EVENT=events/schedule.json`: one function of the running stack, once.

Prints the function's answer as JSON; exits 1 when the function raised.
"""

import argparse
import json
from pathlib import Path

from infra.local.stack import invoke, local_client
from infra.package import ROOT


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("function", choices=("api", "authorize", "challenge", "tick", "changes", "wake", "heard"))
    parser.add_argument("event", type=Path, help="a sample of events/")
    parser.add_argument("--name", default="run", help="the running stack's name")
    options = parser.parse_args()
    address_file = ROOT / ".local" / options.name / "address.json"
    if not address_file.exists():
        raise SystemExit(f"“{options.name}” is not running: `make run` starts it")
    address = json.loads(address_file.read_text())
    event = json.loads(options.event.read_text())
    answer = invoke(
        local_client(address["endpoint_url"], "lambda", address["aws_region"]),
        address["outputs"],
        options.function,
        event,
    )
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    if isinstance(answer, dict) and "errorType" in answer:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
