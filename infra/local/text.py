"""`python -m infra.local.text +8613800000001 "我的订单到哪了"`: an SMS from somebody to the running stack.

It goes the way of a real one: through the topic, as AWS's two-way SMS puts it there. The answer is read where
`make run` shows the SMS it has sent.
"""

import argparse
import json
from uuid import uuid4

from infra.local.stack import local_client
from infra.package import ROOT


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("phone", help="who writes, as +8613800000001")
    parser.add_argument("words")
    parser.add_argument("--name", default="run", help="the running stack's name")
    options = parser.parse_args()
    address_file = ROOT / ".local" / options.name / "address.json"
    if not address_file.exists():
        raise SystemExit(f"“{options.name}” is not running: `make run` starts it")
    address = json.loads(address_file.read_text())
    said = text_from(options.phone, options.words)
    sns = local_client(address["endpoint_url"], "sns", address["aws_region"])
    sns.publish(TopicArn=address["outputs"]["HeardTopic"], Message=json.dumps(said))
    print(f"sent; the answer comes at {address['endpoint_url']}/_ministack/sns/sms-messages")


def text_from(phone: str, words: str) -> dict[str, str]:
    """As AWS End User Messaging publishes it."""
    return {
        "originationNumber": phone,
        "destinationNumber": "+8610000000000",
        "messageKeyword": "TUAN",
        "messageBody": words,
        "inboundMessageId": str(uuid4()),
    }


if __name__ == "__main__":
    main()
