"""Invented businesses: names, addresses in the charge of an office, credit codes of a registrar that does not exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from casework.demo.names import mobile
from casework.demo.sources import read

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
NOBODY = "91000000"
"""Enterprise of the market regulator of region 000000, which there is not."""


@dataclass(frozen=True)
class Business:
    """One business. `id` is its row, `values` its fields of a filing, `office` the key of the unit in charge."""

    id: int
    trade: str
    office: str
    values: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.values["respondent_name"])


def credit_code(rng: Random) -> str:
    """Return a code with a right check character and an impossible registrar (GB 32100-2015)."""
    body = NOBODY + "".join(rng.choice(ALPHABET) for _ in range(9))
    total = sum(ALPHABET.index(symbol) * weight for symbol, weight in zip(body, WEIGHTS, strict=True))
    return body + ALPHABET[-total % 31]


def invent(count: int, rng: Random, first_id: int) -> Iterator[Business]:
    """Yield about `count` businesses, every trade in every district, no two of the same name and address."""
    trades = read("trades")
    offices = [(district, office) for district in read("city")["district"] for office in district["offices"]]
    weights = [district["weight"] * office["weight"] for district, office in offices]
    seen: set[str] = set()
    next_id = first_id
    keys = list(trades["trade"])
    for place in range(count):
        trade = keys[place % len(keys)]
        district, office = rng.choices(offices, weights)[0]
        name = rng.choice(trades["trade"][trade]).format(b=rng.choice(trades["brands"]), d=district["name"][:-1])
        if name in seen:
            continue
        seen.add(name)
        yield Business(next_id, trade, office["key"], _fields(name, district["name"], office, rng))
        next_id += 1


def _fields(name: str, district: str, office: dict[str, Any], rng: Random) -> dict[str, Any]:
    floor = f"{rng.randint(1, 4)}楼" if rng.random() < 0.25 else ""
    address = f"{district}{office['name']}街道{rng.choice(office['roads'])}{rng.randint(1, 388)}号{floor}"
    values = {"respondent_name": name, "respondent_address": address}
    if rng.random() < 0.7:
        values["respondent_code"] = credit_code(rng)
    if rng.random() < 0.6:
        values["respondent_phone"] = mobile(rng)
    return values
