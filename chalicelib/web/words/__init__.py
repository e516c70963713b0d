"""Every sentence of the pages: `key: (Chinese, English)`.

`{name}` is a parameter. Where English has a plural, it is a pair (one, other) chosen by the parameter `n` and
Babel's rules. A key that is missing is a bug that shows at once, and a test reads the templates for it.
"""

from .account import TEXTS as ACCOUNT
from .buying import TEXTS as BUYING
from .common import TEXTS as COMMON
from .deliver import TEXTS as DELIVER
from .desk import TEXTS as DESK
from .feed import TEXTS as FEED
from .goods import TEXTS as GOODS
from .invoices import TEXTS as INVOICES
from .ledger import TEXTS as LEDGER
from .open import TEXTS as OPEN
from .returns import TEXTS as RETURNS
from .supply import TEXTS as SUPPLY
from .terms import TEXTS as TERMS
from .text import Texts
from .work import TEXTS as WORK

TEXTS: Texts = {
    **COMMON,
    **ACCOUNT,
    **BUYING,
    **DELIVER,
    **DESK,
    **FEED,
    **GOODS,
    **LEDGER,
    **OPEN,
    **INVOICES,
    **RETURNS,
    **SUPPLY,
    **TERMS,
    **WORK,
}
"""A new file of words is two lines here."""
