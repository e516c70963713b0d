"""Demo people of the local pool, each with a verified phone and a password.

For local and demo stages alone: a real stage has no password log-in (identity.yaml, PasswordLogin).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from infra.deploy import Outputs

PASSWORD = "tuan-demo-2026"


@dataclass(frozen=True)
class Person:
    """`phone` in E.164, which is also the log-in name; `role` "" is a buyer."""

    name: str
    phone: str
    role: str = ""


PEOPLE = (
    Person("lin", "+8613800000001"),
    Person("chen", "+8613800000002"),
    Person("wang", "+8613800000003"),
    Person("zhao", "+8613800000004"),
    Person("leader", "+8613800000101", "leader"),
    Person("merchant", "+8613800000102", "merchant"),
    Person("supplier", "+8613800000103", "supplier"),
    Person("manager", "+8613800000104", "manager"),
    Person("support", "+8613800000105", "support"),
    Person("sorter", "+8613800000107", "sorter"),
    Person("carrier", "+8613800000108", "carrier"),
    Person("ops", "+8613800000106", "ops"),
)


def enrol(cognito: Any, outputs: Outputs, people: Iterable[Person] = PEOPLE) -> None:
    """Creates those who are missing; calling it again changes nothing."""
    pool = outputs["UserPoolId"]
    for person in people:
        attributes = {"phone_number": person.phone, "phone_number_verified": "true", "name": person.name}
        try:
            cognito.admin_create_user(
                UserPoolId=pool,
                Username=person.phone,
                MessageAction="SUPPRESS",
                UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
            )
        except cognito.exceptions.UsernameExistsException:
            continue
        cognito.admin_set_user_password(UserPoolId=pool, Username=person.phone, Password=PASSWORD, Permanent=True)
        if person.role:
            cognito.admin_add_user_to_group(UserPoolId=pool, Username=person.phone, GroupName=person.role)


def token(cognito: Any, outputs: Outputs, person: Person) -> str:
    """Logs in and returns the ID token, which the API wants as `Authorization: Bearer …`."""
    result = cognito.initiate_auth(
        ClientId=outputs["Audience"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": person.phone, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    id_token: str = result["IdToken"]
    return id_token
