"""Gives somebody a role, or takes it: `python -m infra.people give|take CELL +8613800000001 merchant`.

Everybody is a buyer; who is more than that is said here, by whoever may change the cell. It counts from the person's
next log-in.
"""

import argparse
from typing import Any

from rich.console import Console

from chalicelib.gateways.identity import ROLES
from chalicelib.gateways.phone_codes import PhoneCodes
from infra import cells, keys
from infra.deploy import Outputs, Region


class NoCodes:
    """Nobody logs in here: people are known by the operator's word."""

    def send(self, phone: str) -> None:
        raise NotImplementedError

    def is_right(self, phone: str, code: str) -> bool:
        return False

    def is_waiting(self, phone: str) -> bool:
        return False


def own_log_in(region: Region, outputs: Outputs) -> PhoneCodes:
    """Of a cell without a user pool."""
    return PhoneCodes(
        issuer=outputs["Issuer"],
        audience=outputs["Audience"],
        token_key=outputs["TokenKeyArn"],
        table=outputs["Vault"],
        seal_key=outputs["KeyArn"],
        hash_key=lambda: keys.read(region.connect("secretsmanager"), outputs["SecretArn"])["people_key"],
        codes=NoCodes(),
        clients=region.connect,
    )


def change(region: Region, how: str, phone: str, role: str) -> str:
    """Returns the person's id. Raises Refused for a role there is not; in a pool, for a phone nobody has."""
    outputs = region.outputs()
    if "UserPoolId" not in outputs:
        people = own_log_in(region, outputs)
        return (people.give if how == "give" else people.take)(phone, role).id
    pool: Any = region.connect("cognito-idp")
    of = {"UserPoolId": outputs["UserPoolId"], "Username": phone}
    call = pool.admin_add_user_to_group if how == "give" else pool.admin_remove_user_from_group
    call(**of, GroupName=role)
    return str(pool.admin_get_user(**of)["Username"])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("how", choices=("give", "take"))
    parser.add_argument("cell")
    parser.add_argument("phone", help="with the country's code: +8613800000001")
    parser.add_argument("role", choices=sorted(ROLES))
    parser.add_argument("--stage", default="prod")
    options = parser.parse_args()
    region = cells.find(options.cell, "local" if options.cell.startswith(cells.LOCAL) else options.stage)
    person = change(region, options.how, options.phone, options.role)
    Console().print(
        f"{person}: {options.role} {'given' if options.how == 'give' else 'taken'}; from the next log-in on"
    )


if __name__ == "__main__":
    main()
