"""DynamoDB in memory, at the level of botocore's `_make_api_call(operation, arguments)`.

Exactly the operations and the grammar our store uses, one call at a time, in tens of microseconds: small enough to be
believed, and compared with moto call by call in `test_against_moto.py`. What it does not know it refuses loudly.
"""

from .core import Engine
from .table import Change, Index, Table

__all__ = ["Change", "Engine", "Index", "Table"]
