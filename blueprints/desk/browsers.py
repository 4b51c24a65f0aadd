"""Which browser a session was opened with, in words that somebody recognises."""

from __future__ import annotations

import re

_BROWSERS = (
    ("micromessenger", "微信"),
    ("qqbrowser", "QQ浏览器"),
    ("360se", "360浏览器"),
    ("360ee", "360浏览器"),
    ("edg/", "Edge"),
    ("firefox/", "Firefox"),
    ("chrome/", "Chrome"),
    ("safari/", "Safari"),
)
_SYSTEMS = (
    ("android", "安卓手机"),
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("windows", "Windows 电脑"),
    ("mac os x", "Mac 电脑"),
    ("linux", "Linux 电脑"),
)


def browser_words(user_agent: str) -> str:
    """Return Chrome 109，Windows 电脑 for what a browser says of itself; what is not known is left out."""
    said = user_agent.lower()
    parts = []
    for mark, name in _BROWSERS:
        if mark in said:
            version = re.search(rf"{re.escape(mark)}/?(\d{{1,4}})", said)
            parts.append(f"{name} {version[1]}" if version else name)
            break
    parts += [name for mark, name in _SYSTEMS if mark in said][:1]
    return "，".join(parts) or "没有说明的浏览器"
