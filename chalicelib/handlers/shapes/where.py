"""Where my orders are."""

from typing import Self

from ...domain.links import page_path
from ...domain.person import Channel
from ...services.delivering.where import Whereabouts
from ...services.world import World
from .groups import Eta
from .words import Output


class WhereLine(Output):
    """`status` is `to_pay`, `gathering`, the stage it is in, or how far its goods are; `text` says all of it in the
    language asked for, as an SMS would."""

    order_id: str
    group_id: str
    title: str
    status: str
    stage: str | None
    eta: Eta | None
    text: str

    @classmethod
    def of(cls, one: Whereabouts, world: World, language: str) -> Self:
        params = {**one.params, "link": world.public_url + page_path(one.params["link"])}
        return cls(
            order_id=one.order_id,
            group_id=one.group_id,
            title=one.title,
            status=one.status,
            stage=one.stage,
            eta=Eta.of_or_none(one.expected),
            text=world.texts.text("where_order", params, language, Channel.SMS)[1],
        )


class WhereAnswer(Output):
    """Newest first."""

    items: list[WhereLine]
