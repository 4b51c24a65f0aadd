"""The citizen's way through the web form, as a browser goes it: home, choose, fill in, check, send, receipt."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from random import Random

from benchmarks.client import Reply

KIND = "complaint"
FORM = f"/file/{KIND}"
Fields = list[tuple[str, str]]

_PLACES = ("东城区望江街道沿江东路", "西城区中山街道中山路", "南湖区南门街道湖滨路")
_TRADES = ("健身服务", "生鲜超市", "家电维修", "教育咨询", "餐饮管理", "汽车服务", "美容美发", "家具商行")
_SAID = (
    "2026年3月2日在该店付款办卡，9月28日去时发现门店关门，要求退还剩余费用，对方不再接电话。",
    "网上下单后收到的商品与页面描述不一样，联系商家要求退货，商家以拆封为由拒绝。",
    "购买的食品打开后发现已经变质，包装上的日期被人涂改，要求退款并赔偿。",
    "维修后第三天又出现同样的故障，商家要求再次付费，不同意保修。",
)


def filled(number: int, rng: Random) -> Fields:
    """Return what one citizen types: no two alike, about some hundred businesses."""
    trade = rng.choice(_TRADES)
    return [
        ("respondent_name", f"临江{number % 97}号{trade}有限公司"),
        ("respondent_address", f"{rng.choice(_PLACES)}{number % 97 + 1}号"),
        ("category", "leisure"),
        ("problem", "contract"),
        ("sales_mode", "on_site"),
        ("goods", trade),
        ("happened_on_year", "2026"),
        ("happened_on_month", "3"),
        ("happened_on_day", str(number % 28 + 1)),
        ("amount", str(rng.randrange(20, 9000))),
        ("content", f"{rng.choice(_SAID)}单据编号{number}，有付款记录和聊天截图可以提供。"),
        ("demands", "refund"),
        ("filer_name", "王秀英"),
        ("filer_phone", f"138{number % 10**8:08d}"),
        ("filer_address", "东城区柳荫里7幢502室"),
        ("reply_by", "sms"),
        ("consent_mediation", "yes"),
        ("consent_publish", "no"),
    ]


def text_of(reply: Reply) -> str:
    """Return the page of a reply, decompressed."""
    packed = reply.headers.get("content-encoding") == "gzip"
    return (gzip.decompress(reply.body) if packed else reply.body).decode()


class _Hidden(HTMLParser):
    """Collects the hidden fields of the form `send`."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Fields = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = given.get("id") == "send"
        elif self._inside and tag == "input" and given.get("type") == "hidden":
            self.found.append((given["name"] or "", given.get("value") or ""))


def carried(page: str) -> Fields:
    """Return what the page before sending carries, with the box that it asks to tick."""
    parser = _Hidden()
    parser.feed(page)
    if not any(name == "form_key" for name, _ in parser.found):
        raise ValueError("this is not the page before sending")
    return [*parser.found, ("consent_truth", "yes")]


@dataclass(frozen=True)
class Slip:
    """Number and code of a receipt."""

    number: str
    code: str


def slip_of(page: str) -> Slip:
    """Return the first number and code that a receipt shows."""
    keys = re.search(r'class="receipt-keys.*?</dl>', page, re.DOTALL)
    found = re.findall(r"<dd[^>]*>\s*([^<]+?)\s*</dd>", keys.group() if keys else "")
    if len(found) < 2:
        raise ValueError("this is not a receipt")
    return Slip(found[0], found[1])


def parts_of(page: str) -> list[str]:
    """Return the addresses of what a page loads by itself: sheets, scripts, pictures, without what it only links to."""
    links = re.findall(r'<link[^>]+rel="(?:stylesheet|icon|preload)[^"]*"[^>]*>', page)
    found = [match.group(1) for link in links if (match := re.search(r'href="([^"]+)"', link))]
    found += re.findall(r'<script[^>]+src="([^"]+)"', page)
    found += re.findall(r'<img[^>]+src="([^"]+)"', page)
    found += [address.partition("#")[0] for address in re.findall(r'<use[^>]+href="([^"#]+#[^"]*)"', page)]
    return [address for address in dict.fromkeys(found) if address.startswith("/")]


def named_in(sheet: str) -> list[str]:
    """Return the addresses that a stylesheet loads."""
    found = re.findall(r"""url\(\s*['"]?([^'")]+)""", sheet)
    return [address for address in dict.fromkeys(found) if address.startswith("/")]
