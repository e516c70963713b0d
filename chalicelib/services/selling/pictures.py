"""Pictures of a merchant's product: brought, put first, taken away."""

from collections.abc import Callable
from dataclasses import replace

from ...domain import product as products
from ...domain.files import StoredFile, UploadForm, Use
from ...domain.instants import Instant
from ...domain.ports import Caller
from ...domain.product import Picture, Product
from ...domain.refusals import Unavailable
from ...domain.writes import Replace
from ..attempts import attempts
from ..world import World
from .products import own


def form(world: World, caller: Caller, product_id: str) -> UploadForm:
    return world.files.form(Use.PICTURE, own(world, caller, product_id).id, world.new_id())


def add(world: World, caller: Caller, product_id: str, key: str, *, now: Instant) -> Product:
    """What was laid down by such a form. The same picture again changes nothing."""
    return _with(world, caller, product_id, world.files.keep(Use.PICTURE, own(world, caller, product_id).id, key), now)


def add_sent(world: World, caller: Caller, product_id: str, content: bytes, *, now: Instant) -> Product:
    """One that came with the request itself."""
    product = own(world, caller, product_id)
    return _with(world, caller, product_id, world.files.put(Use.PICTURE, product.id, content), now)


def remove(world: World, caller: Caller, product_id: str, key: str, *, now: Instant) -> Product:
    """From the product. The file stays: terms that were published may show it."""
    return _changed(world, caller, product_id, lambda product: products.without_picture(product, key), now)


def put_first(world: World, caller: Caller, product_id: str, key: str, *, now: Instant) -> Product:
    return _changed(world, caller, product_id, lambda product: products.led_by(product, key), now)


def _with(world: World, caller: Caller, product_id: str, file: StoredFile, now: Instant) -> Product:
    picture = Picture(key=file.key, size=file.size)
    return _changed(world, caller, product_id, lambda product: products.with_picture(product, picture), now)


def _changed(world: World, caller: Caller, product_id: str, how: Callable[[Product], Product], now: Instant) -> Product:
    for attempt in attempts(world):
        with attempt:
            known = own(world, caller, product_id)
            wanted = how(known)
            if wanted.pictures == known.pictures:
                return known
            world.store.commit(Replace(replace(wanted, updated_at=now)))
            return replace(wanted, updated_at=now, version=wanted.version + 1)
    raise Unavailable("busy")
