"""Plain text: read in one of two encodings, written in one."""

from __future__ import annotations

import unicodedata

from casework.cleaning.verdict import Bytes, Copy, Uncleanable

# Direction marks can make a line read otherwise than it is.
_DROPPED = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def clean_text(data: Bytes) -> Copy:
    """Return UTF-8 text with plain line ends; UTF-8 and GB 18030 (with GBK and GB 2312 inside it) are understood."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = str(data, encoding)
        except UnicodeDecodeError:
            continue
        break
    else:
        raise Uncleanable("不是 UTF-8 或 GBK 编码的文本")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    if any(unicodedata.category(char) == "Cc" and char not in "\n\t" for char in text):
        raise Uncleanable("不是纯文本")
    return Copy("text/plain", "".join(char for char in text if char not in _DROPPED).encode())
