"""Plays the story's day in one process and keeps one row of each kind that has no sample of its shape yet."""

import json
from typing import Any

from chalicelib.domain.batch import (
    Batch,
    BatchState,
    InHand,
    Move,
    Photo,
    Ping,
    Promise,
    Reading,
    Stop,
    Temperature,
)
from chalicelib.domain.chat import Audience, ChatKind, ChatMessage, ChatState, Hook
from chalicelib.domain.feed import Digest, GroupChat, Media, MediaKind, Post, Posted, Question, QuestionState
from chalicelib.domain.instants import DAY, MINUTE
from chalicelib.domain.review import Rating, Review
from chalicelib.domain.routing import Diversion, Haulier, Load, Reroute, Routes, Rule, Warehouse
from chalicelib.domain.session import Brake, LoginCode, Session
from chalicelib.domain.upkeep import Parked
from chalicelib.domain.waybill import Track, Waybill, WaybillState
from chalicelib.domain.writes import Row
from chalicelib.store.rows import BY_NAME, kind_of, to_stored
from tests.story.__main__ import DAY as THE_DAY
from tests.story.on_moto import OnMoto
from tests.story.player import Player
from tests.story.script import read

from .incidents import INCIDENTS
from .money import MONEY
from .rows import ROWS, sample_path
from .supply import SUPPLY

AT = 1_795_000_000_000

# What a good day writes none of.
OTHERS: tuple[Row, ...] = (
    Parked(pk="GROUP#g#ORDERS#00", sk="ENTRY#g-0abc#g-0abc.p1.r1", kind="entry", reason="Broken: why", parked_at=AT),
    LoginCode(who="5f1c2e0a", code_hash="9b1deb4d", tries=2, expires_at=AT + 5 * MINUTE, sent_at=(AT - DAY // 2, AT)),
    Review(
        product_id="p1",
        order_id="g1-0abc",
        ordered_at=AT,
        writer="k3m",
        stars=5,
        text="甜，脆",
        at=AT + DAY,
        reply="谢谢",
        replied_at=AT + 2 * DAY,
        hidden="广告",
    ),
    Rating(product_id="p1", count=2, stars=9),
    Brake(who="7c9e6679", at=(AT - MINUTE, AT)),
    Session(
        id="e07fc1f90ae7",
        person_id="p1",
        roles=("merchant",),
        phone_verified=True,
        device="iPhone",
        created_at=AT,
        seen_at=AT + MINUTE,
        expires_at=AT + 30 * DAY,
    ),
    Batch(
        group_id="g1",
        destination="point.gate",
        name="南门",
        campaign_id="c1",
        merchant_id="m1",
        title="周末水果团",
        zone="浦东",
        keep=Temperature.CHILLED,
        state=BatchState.IN_TRANSIT,
        created_at=AT,
        crew=("leader:l1", "carrier:d1"),
        orders=2,
        units={"apple": 3},
        weight_g=2100,
        counted=True,
        warehouse_id="w1",
        carrier="sandbox",
        moves=(
            Move(state=BatchState.SORTED, at=AT + MINUTE, by="m1"),
            Move(state=BatchState.IN_TRANSIT, at=AT + 2 * MINUTE, by="d1"),
        ),
        promises=(Promise(earliest=AT + DAY, latest=AT + 2 * DAY, at=AT, by="m1", why="雨"),),
        stops=(Stop(name="南门", lat_e6=31_300_000, lon_e6=121_490_000),),
        pings=(Ping(lat_e6=31_200_000, lon_e6=121_490_000, at=AT + 3 * MINUTE, by="d1"),),
        readings=(Reading(tenths=42, at=AT + 3 * MINUTE, by="d1"),),
        photos=(Photo(key="batches/g1/1.jpg", at=AT + 3 * MINUTE, by="d1"),),
    ),
    Routes(
        merchant_id="m1",
        warehouses=(Warehouse(id="a", name="A 仓", capacity={"chilled": 100}, fallback="b", sorters=("s1",)),),
        carriers=(Haulier(id="sandbox", name="顺路达", capacity=200, people=("d1",)),),
        rules=(Rule(zone="浦东", keep="*", warehouse="a", carrier="sandbox", priority=1),),
        diversions=(Diversion(zone="浦东", warehouse="a", to="b", until=AT + 3 * DAY),),
    ),
    InHand(person_id="s1", group_id="g1", destination="point.gate", created_at=AT),
    Waybill(
        id="g1.point.gate",
        group_id="g1",
        destination="point.gate",
        merchant_id="m1",
        carrier="sandbox",
        state=WaybillState.IN_TRANSIT,
        number="SD000000000001",
        label="http://127.0.0.1:1/labels/1",
        requested_at=AT,
        issued_at=AT,
        heard_at=AT + MINUTE,
        events=(Track(state=WaybillState.IN_TRANSIT, at=AT, heard_at=AT + MINUTE, place="中转站"),),
    ),
    Hook(campaign_id="c1", id="h1", kind=ChatKind.WECOM, audience=Audience.TEAM, name="水果群", by="m1", created_at=AT),
    ChatMessage(
        campaign_id="c1",
        hook_id="h1",
        event="hour@498612",
        text="最近一小时售出 5 件",
        created_at=AT,
        state=ChatState.FAILED,
        tries=2,
        reason="refused_93000",
    ),
    Post(
        group_id="g1",
        id=f"{AT:015d}-ab12cd34",
        at=AT,
        by="m1",
        role="merchant",
        text="装车出发",
        media=(Media(kind=MediaKind.VIDEO, ref="https://video.example/1", caption="装车"),),
        statement=True,
    ),
    Posted(group_id="g1", name="0a1b2c3d", post_id=f"{AT:015d}-ab12cd34", fingerprint="9f8e7d6c"),
    Question(
        group_id="g1",
        id=f"{AT:015d}-ab12cd35",
        at=AT,
        asked_by="b1",
        text="甜吗？",
        state=QuestionState.SHOWN,
        answer="甜",
        answered_at=AT + MINUTE,
        answered_by="m1",
        role="merchant",
        owed=True,
    ),
    GroupChat(group_id="g1", url="https://work.weixin.qq.com/gm/abc", by="m1", at=AT),
    Digest(
        group_id="g1", posts=1, latest="到货", round=2, telling=True, told=3, told_latest="装车出发", cursor="g1-00ab"
    ),
    Load(merchant_id="m1", day="2026-11-22", place="warehouse.a.chilled", orders=120, capacity=100, alerted=True),
    Reroute(merchant_id="m1", key="k1", zone="浦东", warehouse="a", to="b", at=AT, moved=3, done_at=AT + MINUTE),
    *SUPPLY,
    *INCIDENTS,
    *MONEY,
)


def main() -> None:
    found: dict[str, dict[str, Any]] = {kind_of(row).name: to_stored(row, 3).to_dynamodb_dict() for row in OTHERS}
    script = read(THE_DAY)
    with OnMoto.made(script, "none", 0) as stack:
        Player(stack, script, lambda at, who, what: None).play()
        for item in stack.bed.table.all_items():
            image = item.to_json()["Attributes"]
            kind = image["kind"]["S"]
            # The fullest row says most about its shape.
            if len(json.dumps(image)) > len(json.dumps(found.get(kind, {}))):
                found[kind] = image
    ROWS.mkdir(exist_ok=True)
    for kind in BY_NAME:
        path = sample_path(kind, BY_NAME[kind].shape)
        if kind in found and not path.exists():
            path.write_text(json.dumps(found[kind], indent=1, sort_keys=True, ensure_ascii=False) + "\n")
            print(f"{path.name}: added")
        elif not path.exists():
            print(f"{path.name}: the day writes none; add one by hand")


if __name__ == "__main__":
    main()
