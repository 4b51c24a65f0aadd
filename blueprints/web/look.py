"""The reader's choice of large type (长辈版) and high contrast (高对比): a cookie, set by a plain link."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

LOOKS = ("plain", "large", "contrast", "both")
COOKIE = "look"
LASTS = 365 * 24 * 3600
"""Seconds."""
CLASSES = {"plain": "", "large": "large", "contrast": "contrast", "both": "large contrast"}


def chosen(cookie_header: str) -> str:
    """Return the look that a Cookie header asks for; "plain" for none or an unknown one."""
    if COOKIE + "=" not in cookie_header:
        return "plain"
    try:
        morsel = SimpleCookie(cookie_header).get(COOKIE)
    except CookieError:
        return "plain"
    return morsel.value if morsel is not None and morsel.value in LOOKS else "plain"


def toggled(look: str, part: str) -> str:
    """Return the look after `part` ("large" or "contrast") is switched over."""
    parts = {"plain": set(), "both": {"large", "contrast"}}.get(look, {look})
    parts ^= {part}
    return "both" if len(parts) == 2 else next(iter(parts), "plain")
