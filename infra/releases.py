"""The app stack's releases, newest last, in the artefact bucket: what a roll-back goes back to."""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from botocore.exceptions import ClientError

KEPT = 50
State = Literal["live", "replaced", "rolled back"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """`name` is made from code and settings; `template` is the address of the template that was run."""

    name: str
    at: str
    commit: str
    template: str
    parameters: dict[str, str] = field(default_factory=dict)
    state: State = "live"


@dataclass(frozen=True, slots=True)
class Releases:
    s3: Any
    bucket: str
    stage: str

    @property
    def key(self) -> str:
        return f"{self.stage}/releases.json"

    @property
    def tables_key(self) -> str:
        return f"{self.stage}/tables.json"

    def all(self) -> list[Release]:
        return [Release(**one) for one in json.loads(self._read(self.key) or b"[]")]

    def live(self) -> Release | None:
        return next((one for one in reversed(self.all()) if one.state == "live"), None)

    def before(self) -> Release | None:
        """What was live before; what had been rolled back is passed over."""
        return next((one for one in reversed(self.all()) if one.state == "replaced"), None)

    def went_live(self, release: Release) -> None:
        older = [replace(one, state="replaced") if one.state == "live" else one for one in self.all()]
        self._write([*older, release])

    def went_back(self, to: Release) -> None:
        """The live one is marked, so that the next roll-back goes one further."""
        marked: dict[State, State] = {"live": "rolled back", "replaced": "replaced", "rolled back": "rolled back"}
        self._write([replace(one, state="live" if one == to else marked[one.state]) for one in self.all()])

    def keep_tables(self, given: dict[str, str]) -> None:
        """The app works on other tables than the data stack made: every release, old ones too, would go to these."""
        releases = [replace(one, parameters=one.parameters | given) for one in self.all()]
        self._write(releases)
        self.s3.put_object(Bucket=self.bucket, Key=self.tables_key, Body=json.dumps(given).encode())

    def tables(self) -> dict[str, str]:
        """Parameters that stand in for the data stack's outputs after a restore; empty if there never was one."""
        found = self._read(self.tables_key)
        return dict(json.loads(found)) if found else {}

    def _read(self, key: str) -> bytes:
        try:
            body: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return b""
            raise
        return body

    def _write(self, releases: list[Release]) -> None:
        body = json.dumps([asdict(one) for one in releases[-KEPT:]], indent=1)
        self.s3.put_object(Bucket=self.bucket, Key=self.key, Body=body.encode())
