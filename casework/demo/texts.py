"""What people write in the demo city: stories put together from hand-written parts, with the facts of the case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any

from casework.demo.businesses import Business
from casework.demo.names import mobile, person
from casework.demo.sources import read
from casework.demo.town import Office, Town


@dataclass(frozen=True)
class Story:
    """The fields of a filing beside those of its people, and the business it is about."""

    topic: Mapping[str, Any]
    business: Business
    values: dict[str, Any]


@cache
def _topics(name: str, month: int) -> tuple[tuple[Mapping[str, Any], ...], tuple[float, ...]]:
    """The topics, and how much all up to each of them weigh in a month."""
    topics = tuple(read(name)["topic"])
    return topics, tuple(accumulate(one["weight"] * one.get("months", [1.0] * 12)[month - 1] for one in topics))


def complaint(rng: Random, town: Town, day: date, topic_key: str = "", business: Business | None = None) -> Story:
    """Return what a complaint received on `day` says."""
    topics, upto = _topics("complaints", day.month)
    wanted = [one for one in topics if one["key"] == topic_key] if topic_key else []
    topic = wanted[0] if wanted else rng.choices(topics, cum_weights=upto)[0]
    business = business or town.pick_business(rng, topic["trade"])
    low, high = topic["amount"]
    fen = round(low * (high / low) ** rng.random()) * 100
    if fen < 20_000 and rng.random() < 0.5:
        fen += rng.choice((50, 80, 90, -20, -10))
    bought = day - timedelta(days=int(3 + rng.expovariate(1 / 40)))
    blanks = _blanks(rng, topic, business, bought, day, fen)
    content = "".join(rng.choice(topic[part]).format(**blanks) for part in ("openings", "turns", "wishes"))
    mode = rng.choice(topic["modes"])
    values: dict[str, Any] = {
        **business.values,
        "category": topic["category"],
        "problem": rng.choice(topic["problems"]),
        "goods": blanks["goods"],
        "amount": fen,
        "happened_on": bought,
        "sales_mode": mode,
        "content": content,
        "demands": topic["demands"][: rng.randint(1, len(topic["demands"]))],
        "consent_publish": rng.random() < 0.6,
        "consent_mediation": rng.random() < 0.8,
        "consent_truth": True,
    }
    if mode == "online" and rng.random() < 0.7:
        values["order_number"] = f"{bought:%y%m%d}{rng.randrange(10**10):010d}"
    return Story(topic, business, values)


def report(rng: Random, town: Town, day: date) -> Story:
    """Return what a report received on `day` says."""
    topics, upto = _topics("reports", day.month)
    topic = rng.choices(topics, cum_weights=upto)[0]
    business = town.pick_business(rng, topic["trade"])
    seen = day - timedelta(days=rng.randint(0, 9))
    blanks = _blanks(rng, topic, business, seen, day, 0)
    values: dict[str, Any] = {
        **business.values,
        "category": topic["category"],
        "problem": topic["problem"],
        "goods": blanks["goods"],
        "content": rng.choice(topic["stories"]).format(**blanks),
        "evidence": rng.choice(topic["evidence"]).format(**blanks),
        "happened_on": seen,
        "consent_truth": True,
    }
    return Story(topic, business, values)


def filer(rng: Random, town: Town, office: Office) -> dict[str, Any]:
    """Return the fields of an invented filer who lives in the charge of an office."""
    where = rng.choice(office.estates)
    door = f"{rng.randint(1, 40)}幢{rng.randint(1, 4)}单元{rng.randint(1, 24)}0{rng.randint(1, 4)}室"
    address = f"{office.district_name}{where}{door}"
    values = {"filer_name": person(rng), "filer_phone": mobile(rng), "filer_address": address}
    chance = rng.random()
    if chance < 0.6:
        values["reply_by"] = "sms"
    elif chance < 0.7:
        values["reply_by"] = "phone"
    elif chance < 0.8:
        values["reply_by"] = "page"
    return values


def _blanks(
    rng: Random, topic: Mapping[str, Any], business: Business, bought: date, day: date, fen: int
) -> dict[str, Any]:
    went_wrong = bought + timedelta(days=rng.randint(0, max((day - bought).days - 1, 0)))
    part = max(fen * rng.randint(3, 9) // 10 // 1000 * 10, 10)
    return {
        "goods": rng.choice(topic["goods"]),
        "shop": business.name,
        "date": _said(rng, bought, day),
        "day": _said(rng, went_wrong, day),
        "amount": f"{fen / 100:g}",
        "part": str(part),
        "n": rng.randint(2, 8),
    }


def _said(rng: Random, day: date, now: date) -> str:
    """Return a date as people write it."""
    if day.year != now.year:
        return f"{day.year}年{day.month}月{day.day}日"
    return rng.choice(
        (
            f"{day.month}月{day.day}日",
            f"{day.month}月{day.day}号",
            f"今年{day.month}月{day.day}日",
            f"{day.month}.{day.day}",
        )
    )


def work(rng: Random, kind: str, **blanks: Any) -> str:
    """Return a sentence that staff write, from `work.toml`."""
    found = rng.choice(read("work")[kind])
    return str(found).format(**blanks) if blanks else str(found)
