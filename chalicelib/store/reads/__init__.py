"""Every question the use cases ask of the table, by subject. Consistent unless it says otherwise."""

from .fulfilment import Fulfilment
from .orders import Orders
from .people import People
from .selling import Selling


class Reads(Selling, Orders, Fulfilment, People):
    """The reading half of the store."""
