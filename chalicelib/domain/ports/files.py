"""What people bring, kept."""

from typing import Protocol

from ..files import StoredFile, UploadForm, Use


class Files(Protocol):
    """What people bring: pictures, reports, photos. `owner` is the id of what a file belongs to."""

    @property
    def origin(self) -> str:
        """Where forms go and links lead: scheme and host, for a page's policy."""
        ...

    def form(self, use: Use, owner: str, new_id: str, *, back: str = "") -> UploadForm:
        """A form that lays one file down within minutes; with `back`, a browser is sent there afterwards."""
        ...

    def keep(self, use: Use, owner: str, key: str) -> StoredFile:
        """Keeps what was laid down under `key`; the same file is kept once, however often this is asked.

        Raises Refused('file_not_uploaded', 'wrong_file_type' or 'file_too_large').
        """
        ...

    def put(self, use: Use, owner: str, content: bytes) -> StoredFile:
        """The same for a small file that came with the request."""
        ...

    def look(self, key: str) -> StoredFile | None: ...
    def read(self, key: str) -> bytes | None: ...
    def link(self, key: str, *, name: str = "") -> str:
        """An address to read a file at, for some minutes, by whoever has it; with `name`, to be saved as."""
        ...
