"""Who is asking: ID tokens of a Cognito user pool (or of anything that signs the same claims).

Verifying imports PyJWT and cryptography inside the function: only the authorizer carries these libraries.
"""

import base64
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

from ..domain.instants import MINUTE, SECOND, Instant
from ..domain.ports import Caller, SignedIn
from ..domain.refusals import Refused, Trouble, Unavailable
from . import aws
from .wire import Transport, over_http

ROLES = frozenset({"leader", "merchant", "supplier", "sorter", "carrier", "manager", "support", "ops"})
"""Groups of the pool that mean something here. Everyone is a buyer."""

FETCH_S = 2.0
LEEWAY = 5 * SECOND
REFETCH = MINUTE
MOST_TOKEN = 8 * 1024

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")
"""A person's id becomes part of keys, so it must not hold what separates them."""

_CHALLENGE = re.compile(r"tuan:(code_sent_lately|too_many_codes|bad_phone|unavailable)(?::(\d+))?")
"""How handlers/challenge.py words a refusal, wherever the pool puts it in its error message."""

ENDED = ("NotAuthorizedException", "CodeMismatchException", "ExpiredCodeException", "UserNotFoundException")
"""The challenge is over: too many wrong answers, too late, or never begun."""

Key = Mapping[str, Any]
"""One key of a JWKS document."""


class Pool:
    """Implements ports.Identity. The pool's public keys are kept for the life of the process."""

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        jwks_url: str,
        user_pool_id: str = "",
        transport: Transport | None = None,
        clients: aws.Clients = aws.client,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._transport = transport or over_http(jwks_url, FETCH_S)
        self._user_pool_id = user_pool_id
        self._clients = clients
        self._keys: dict[str, Key] = {}
        self._fetched_at: Instant | None = None

    def verify(self, token: str, now: Instant) -> Caller:
        """Raises Refused('bad_token'); Unavailable when the pool's keys cannot be had."""
        if len(token) > MOST_TOKEN:
            raise Refused("bad_token")
        key = self._key(_key_id(token), now)
        claims = _claims(token, key, audience=self._audience, issuer=self._issuer)
        _check_times(claims, now)
        person = claims["sub"]
        # An access token of the same pool has a signature just as good, and another purpose.
        if claims.get("token_use") != "id" or not isinstance(person, str) or not _ID.fullmatch(person):
            raise Refused("bad_token")
        groups = claims.get("cognito:groups")
        known = ROLES.intersection(g for g in groups if isinstance(g, str)) if isinstance(groups, list) else frozenset()
        verified = claims.get("phone_number_verified") in (True, "true")
        return Caller(id=person, roles=known | {"buyer"}, phone_verified=verified)

    def phone_of(self, person_id: str) -> str | None:
        from botocore.exceptions import ClientError

        with aws.answered("identity"):
            try:
                said = self._clients("cognito-idp").admin_get_user(UserPoolId=self._user_pool_id, Username=person_id)
            except ClientError as error:
                if aws.code_of(error) == "UserNotFoundException":
                    return None
                raise
        about: dict[str, str] = {each["Name"]: each.get("Value", "") for each in said["UserAttributes"]}
        # A name that is not the id could be somebody's phone number or alias.
        if about.get("sub") != person_id or about.get("phone_number_verified") != "true":
            return None
        return about.get("phone_number") or None

    def person_with(self, phone: str) -> str | None:
        """The phone is a log-in name of the pool's; a verified one is its owner's for sure."""
        said = self._admin("admin_get_user", Username=phone)
        if said is None:
            return None
        about: dict[str, str] = {each["Name"]: each.get("Value", "") for each in said["UserAttributes"]}
        verified = about.get("phone_number_verified") == "true" and about.get("phone_number") == phone
        return about.get("sub") if verified else None

    def start_log_in(self, phone: str) -> str:
        self._enrol(phone)
        said = self._asked("initiate_auth", AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": phone})
        return str(said["Session"])

    def answer_code(self, phone: str, challenge: str, code: str, now: Instant) -> SignedIn | str:
        said = self._asked(
            "respond_to_auth_challenge",
            ChallengeName="CUSTOM_CHALLENGE",
            Session=challenge,
            ChallengeResponses={"USERNAME": phone, "ANSWER": code or "-"},
        )
        if "AuthenticationResult" not in said:
            return str(said["Session"])
        # The token comes from the pool itself over TLS, in answer to our own call, so its signature says no more.
        token = str(said["AuthenticationResult"]["IdToken"])
        claims = _payload(token)
        person = str(claims["sub"])
        if claims.get("phone_number_verified") not in (True, "true"):
            self._verified(person)
        groups = claims.get("cognito:groups") or []
        roles = ROLES.intersection(groups) | {"buyer"}
        return SignedIn(id=person, roles=roles, phone_verified=True, token=token)

    def forget(self, person_id: str) -> None:
        self._admin("admin_delete_user", Username=person_id)

    def _enrol(self, phone: str) -> None:
        """Everybody may buy. Who is new has no verified phone until the code came back."""
        if self._admin("admin_get_user", Username=phone) is not None:
            return
        with aws.answered("identity"):
            client = self._clients("cognito-idp")
            try:
                client.admin_create_user(
                    UserPoolId=self._user_pool_id,
                    Username=phone,
                    MessageAction="SUPPRESS",
                    UserAttributes=[{"Name": "phone_number", "Value": phone}],
                )
            except client.exceptions.UsernameExistsException:
                return
        # Nobody knows this password; with a temporary one the pool would ask for a new one first.
        password = secrets.token_urlsafe(32) + "a1"
        self._admin("admin_set_user_password", Username=phone, Password=password, Permanent=True)

    def _verified(self, person_id: str) -> None:
        attributes = [{"Name": "phone_number_verified", "Value": "true"}]
        self._admin("admin_update_user_attributes", Username=person_id, UserAttributes=attributes)

    def _admin(self, call: str, **given: Any) -> dict[str, Any] | None:
        """None when the pool knows no such user."""
        from botocore.exceptions import ClientError

        with aws.answered("identity"):
            try:
                said: dict[str, Any] = getattr(self._clients("cognito-idp"), call)(
                    UserPoolId=self._user_pool_id, **given
                )
            except ClientError as error:
                if aws.code_of(error) == "UserNotFoundException":
                    return None
                raise
        return said

    def _asked(self, call: str, **given: Any) -> dict[str, Any]:
        """One step of a log-in. What the challenge's function refused comes back as that refusal."""
        from botocore.exceptions import ClientError

        with aws.answered("identity"):
            try:
                said: dict[str, Any] = getattr(self._clients("cognito-idp"), call)(ClientId=self._audience, **given)
            except ClientError as error:
                if refused := _CHALLENGE.search(str(error)):
                    raise _refusal(refused[1], refused[2]) from None
                if aws.code_of(error) in ENDED:
                    raise Refused("code_expired") from None
                raise
        return said

    def _key(self, key_id: str, now: Instant) -> Key:
        """The key of that id. An unknown one is asked for once a minute: made-up ids must not make us ask
        all day.
        """
        if key_id not in self._keys:
            if self._keys and self._fetched_at is not None and abs(now - self._fetched_at) < REFETCH:
                raise Refused("bad_token")
            self._fetched_at = now
            self._keys = self._fetch() or self._keys
        if key_id not in self._keys:
            raise Refused("bad_token") if self._keys else Unavailable("identity")
        return self._keys[key_id]

    def _fetch(self) -> dict[str, Key]:
        """Empty when there is no usable answer."""
        try:
            status, body = self._transport("GET", "", {"Accept": "application/json"}, b"")
            listed = json.loads(body)["keys"] if status == 200 else []
            return {each["kid"]: each for each in listed if _may_sign(each)}
        except (OSError, ValueError, KeyError, TypeError):
            return {}


def _refusal(code: str, seconds: str | None) -> Trouble:
    wait = int(seconds or 60)
    return {
        "code_sent_lately": Refused("code_sent_lately", retry_after_s=wait),
        "too_many_codes": Refused("too_many_codes", retry_after_s=wait),
        "bad_phone": Refused("bad_phone"),
        "unavailable": Unavailable("identity", retry_after_s=wait),
    }[code]


def _payload(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def _may_sign(key: Key) -> bool:
    return bool(key["kty"] == "RSA" and key.get("use", "sig") == "sig" and key.get("alg", "RS256") == "RS256")


def _key_id(token: str) -> str:
    """The id of the signing key, from a header that claims RS256 and nothing else."""
    import jwt

    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise Refused("bad_token") from None
    key_id = header.get("kid")
    if header.get("alg") != "RS256" or not isinstance(key_id, str):
        raise Refused("bad_token")
    return key_id


def _claims(token: str, key: Key, *, audience: str, issuer: str) -> dict[str, Any]:
    """The claims, signature, audience and issuer checked. The times are checked against the caller's
    clock.
    """
    import jwt

    try:
        return jwt.decode(
            token,
            key=jwt.PyJWK(dict(key), algorithm="RS256").key,
            algorithms=["RS256"],
            audience=audience,
            issuer=issuer,
            options={
                "require": ["exp", "iss", "aud", "sub"],
                "strict_aud": True,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except jwt.PyJWTError:
        raise Refused("bad_token") from None


def _check_times(claims: Mapping[str, Any], now: Instant) -> None:
    ends, starts = claims["exp"], claims.get("nbf", 0)
    if type(ends) is not int or type(starts) is not int:
        raise Refused("bad_token")
    if now >= ends * SECOND + LEEWAY or now < starts * SECOND - LEEWAY:
        raise Refused("bad_token")
