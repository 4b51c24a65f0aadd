"""Keys of a citizen's way: the one-time key of a form, the mark of a draft, the grant to follow a case.

Each is an HMAC that holds the visit, so that what is read in a page or an address is worthless to anybody else.
Nothing of it is stored, and nothing personal stands in it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from models.secrets import ring

FOLLOWS = timedelta(minutes=30)
"""How long a case stays open on a page without being used."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_DRAFT = re.compile(r"[A-Za-z0-9_-]{43}")


def _mac(purpose: str, *parts: str) -> str:
    digest = hmac.digest(ring().derived(purpose), "\0".join(parts).encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:24]).decode()


def form_key(visit: str, kind: str, values: Mapping[str, Any], draft: str | None) -> str:
    """Return the one-time key for this very content in this visit: the same content always has the same key.

    So a way that is gone twice (back, continue, send) ends at the same receipt, as does a second press.
    """
    said = json.dumps([kind, values, draft], ensure_ascii=False, sort_keys=True)
    return full_key(visit, _mac("form nonce", visit, said))


def full_key(visit: str, token: str) -> str:
    """Return the key of a form from the token of its receipt, for the visit that sent it."""
    return f"{token}.{_mac('form key', visit, token)}"


def token_of(visit: str | None, key: str) -> str | None:
    """Return the token of the receipt that a key leads to; None for a key that is not of this visit."""
    token = key.partition(".")[0]
    if visit is None or not _TOKEN.fullmatch(token) or not _same(key, full_key(visit, token)):
        return None
    return token


def mark_draft(visit: str, token: str) -> str:
    """Return a draft's token as a form carries it: bound to the visit."""
    return f"{token}.{_mac('draft', visit, token)}"


def draft_of(visit: str | None, marked: str) -> str | None:
    """Return the token of a draft; None when it was not given to this visit."""
    token = marked.partition(".")[0]
    if visit is None or not _DRAFT.fullmatch(token) or not _same(marked, mark_draft(visit, token)):
        return None
    return token


def grant(visit: str, case_id: int, now: datetime) -> str:
    """Return what lets this visit follow a case for a while."""
    until = int((now + FOLLOWS).timestamp())
    return f"{case_id}.{until}.{_mac('follow', visit, str(case_id), str(until))}"


def granted(visit: str | None, text: str, now: datetime) -> int | None:
    """Return the id of the case that a grant opens; None when it is old, altered or another visit's."""
    found = re.fullmatch(r"(\d{1,18})\.(\d{1,12})\.(\S+)", text, re.ASCII)
    if visit is None or found is None:
        return None
    case_id, until, mark = found.groups()
    if not _same(mark, _mac("follow", visit, case_id, until)) or int(until) < now.timestamp():
        return None
    return int(case_id)


def network_key(address: str | None, day: date) -> str:
    """Return what stands for the network of somebody who tries codes: a keyed hash that changes every day."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        network = "unknown"
    else:
        network = str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 56), strict=False))
    return _mac("network", day.isoformat(), network)


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
