"""Straight right edges for Chinese lines in WeasyPrint.

WeasyPrint justifies by stretching spaces, and Chinese has none: a line that had to end early (no comma may begin the
next one) stays ragged. Here the missing width is spread over the gaps between Chinese characters instead. This
reaches into two private functions of WeasyPrint 70; when they have moved, `install` says so and changes nothing:
papers are then ragged, but complete.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

_RUN = re.compile("[‘-”—…、-〿㐀-鿿豈-﫿！-～\U00020000-\U0003ffff]+")
"""Characters between which a gap may grow: ideographs, their punctuation, full-width forms."""
_FEWEST = 4
"""A line with fewer gaps is left as it is: each would yawn."""
_WIDEST = 5.0
"""A line that is short by more, in characters, was broken on purpose."""

_installed = False


def install() -> bool:
    """Teach WeasyPrint to justify Chinese; return False when this version of it is not the one understood here."""
    global _installed
    if _installed:
        return True
    try:
        from weasyprint.formatting_structure import boxes
        from weasyprint.layout import inline
        from weasyprint.text import ffi as binding
        from weasyprint.text.line_break import Layout

        before_line: Callable[..., None] = inline.justify_line
        before_text: Callable[..., None] = Layout.set_text
        _ = (binding.pango.pango_attr_letter_spacing_new, binding.ffi.NULL, binding.TO_UNITS, boxes.TextBox)
    except (ImportError, AttributeError):
        return False

    def justify_line(context: Any, line: Any, missing: float) -> None:
        gaps = sum(_gaps(box.text) for box in _texts(boxes, line))
        size = line.style["font_size"]
        if gaps < _FEWEST or missing > _WIDEST * size or line.style["direction"] != "ltr":
            before_line(context, line, missing)
        else:
            _spread(boxes, line, missing / gaps, 0.0)

    def set_text(layout: Any, text: str, justify: bool = False) -> None:
        before_text(layout, text, justify)
        extra = getattr(layout, "wider_gaps", 0.0)
        if justify and extra:
            _widen(binding, layout, extra)

    inline.justify_line = justify_line
    Layout.set_text = set_text
    _installed = True
    return True


def _gaps(text: str) -> float:
    """Return how many gaps a stretch of text has. Pango gives the first and last character half a gap each."""
    count = float(sum(len(run.group()) for run in _RUN.finditer(text)))
    if not count:
        return 0.0
    return count - 0.5 * bool(_RUN.match(text[0])) - 0.5 * bool(_RUN.match(text[-1]))


def _texts(boxes: Any, box: Any) -> Iterator[Any]:
    if isinstance(box, boxes.TextBox):
        yield box
    elif isinstance(box, (boxes.LineBox, boxes.InlineBox)):
        for child in box.children:
            yield from _texts(boxes, child)


def _spread(boxes: Any, box: Any, extra: float, shift: float) -> float:
    """Move a box by what was added before it, widen its own gaps, and return what the next one moves by."""
    if isinstance(box, boxes.TextBox):
        box.position_x += shift
        added = extra * _gaps(box.text)
        if added:
            box.pango_layout.wider_gaps = extra
            box.width += added
        return shift + added
    if not isinstance(box, (boxes.LineBox, boxes.InlineBox)):
        box.translate(shift, 0)
        return shift
    box.position_x += shift
    moved = shift
    for child in box.children:
        if child.is_in_normal_flow():
            moved = _spread(boxes, child, extra, moved)
    box.width += moved - shift
    return moved


def _widen(binding: Any, layout: Any, extra: float) -> None:
    """Put the wider gaps on the Chinese runs of a Pango layout; its own letter spacing stays underneath."""
    pango, ffi = binding.pango, binding.ffi
    marks = pango.pango_layout_get_attributes(layout.layout)
    if marks == ffi.NULL:
        marks = ffi.gc(pango.pango_attr_list_new(), pango.pango_attr_list_unref)
    own = layout.style["letter_spacing"]
    spacing = int(((0 if own == "normal" else own) + extra) * binding.TO_UNITS)
    for run in _RUN.finditer(layout.text):
        mark = pango.pango_attr_letter_spacing_new(spacing)
        mark.start_index = len(layout.text[: run.start()].encode())
        mark.end_index = mark.start_index + len(run.group().encode())
        pango.pango_attr_list_change(marks, mark)
    pango.pango_layout_set_attributes(layout.layout, marks)
