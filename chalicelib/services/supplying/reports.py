"""Inspection reports (S10): uploaded by the supplier straight to where files lie, looked at, then kept on the order."""

from dataclasses import replace

from ...domain import supply
from ...domain.files import UploadForm, Use
from ...domain.instants import Instant
from ...domain.ports import Caller
from ...domain.refusals import Refused, Unavailable
from ...domain.supply import PurchaseOrder, Report
from ...domain.writes import Replace
from ..attempts import attempts
from ..world import World
from .supply import own

MOST_REPORTS = 20


def form(world: World, caller: Caller, purchase_id: str, *, back: str) -> UploadForm:
    purchase = own(world, caller, purchase_id)
    return world.files.form(Use.REPORT, purchase.id, world.new_id(), back=back)


def add(world: World, caller: Caller, purchase_id: str, key: str, *, now: Instant) -> PurchaseOrder:
    """A file is what its bytes say; the same file again is one report."""
    own(world, caller, purchase_id)
    file = world.files.keep(Use.REPORT, purchase_id, key)
    for attempt in attempts(world):
        with attempt:
            purchase = own(world, caller, purchase_id)
            if any(one.key == file.key for one in purchase.reports):
                return purchase
            if len(purchase.reports) >= MOST_REPORTS:
                raise Refused("too_many_reports", most=MOST_REPORTS)
            report = Report(key=file.key, content_type=file.content_type, size=file.size, at=now, by=caller.id)
            new = supply.reported(purchase, report, now)
            world.store.commit(Replace(new))
            return replace(new, version=new.version + 1)
    raise Unavailable("busy")
