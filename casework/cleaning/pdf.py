"""PDF: the pages are carried over into a new file; actions, attachments, forms, links and descriptions are not."""

from __future__ import annotations

import zlib
from io import BytesIO

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from casework.cleaning.verdict import BROKEN, Bytes, Copy, Uncleanable

MAX_PAGES = 300
MAX_PICTURE = 60 * 1024 * 1024
"""Bytes of one photograph inside, coded."""
_PAGE_KEYS = frozenset(
    {"/Type", "/Parent", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents", "/UserUnit", "/Group"}
)
# Whatever hangs from these never survives, wherever it stands: code, actions, files, references to the outside,
# private data of programs, descriptions.
_CUT = frozenset(
    {"/JS", "/JavaScript", "/OpenAction", "/AA", "/Launch", "/URI", "/EmbeddedFiles", "/EmbeddedFile", "/XFA"}
    | {"/RichMedia", "/AcroForm", "/Annots", "/AF", "/EF", "/Metadata", "/PieceInfo", "/LastModified", "/Thumb"}
    | {"/OPI", "/Ref", "/Dest", "/Dests", "/StructParent", "/StructParents", "/Alternates", "/PrivateData"}
)
_ACTIONS = frozenset(
    {"/JavaScript", "/Launch", "/URI", "/SubmitForm", "/ImportData", "/GoTo", "/GoToR", "/GoToE", "/GoTo3DView"}
    | {"/Rendition", "/Movie", "/Sound", "/RichMediaExecute", "/Named", "/Hide", "/Thread", "/SetOCGState", "/Trans"}
)
# Pages may call a font or a picture by any name, /AA or /Ref among them: these are known by what they are.
_RESOURCES = frozenset({"/Font", "/XObject", "/ExtGState", "/Pattern", "/OCG"})
_EXTERNAL_STREAM = ("/F", "/FFilter", "/FDecodeParms")


def clean_pdf(data: Bytes) -> Copy:
    """Rewrite a PDF from its pages alone. A file that needs a password to be read stays sealed."""
    try:
        with pikepdf.open(BytesIO(data), suppress_warnings=True) as source, Pdf.new() as fresh:
            pages = _count(source)
            # What people filled in, signed or stamped becomes part of the page before the forms go.
            source.flatten_annotations("screen")
            fresh.pages.extend(source.pages)
            for page in fresh.pages:
                for key in set(page.obj.keys()) - _PAGE_KEYS:
                    del page.obj[key]
            for item in fresh.objects:
                _strip(item)
            out = BytesIO()
            # Garbage is not written: only what the pages still reach.
            fresh.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    except pikepdf.PasswordError as error:
        raise Uncleanable("文件设了密码，请去掉密码再传一份") from error
    except pikepdf.PdfError as error:
        raise Uncleanable(BROKEN) from error
    return Copy("application/pdf", out.getbuffer(), pages=pages)


def _count(source: Pdf) -> int:
    """Return the number of pages; ask the file's own count first, so that a huge one costs nothing."""
    claimed = source.Root.get("/Pages", Dictionary()).get("/Count", 0)
    number = int(claimed) if isinstance(claimed, int) else 0
    pages = number if number > MAX_PAGES else len(source.pages)
    if pages > MAX_PAGES:
        raise Uncleanable(f"有 {pages} 页，最多 {MAX_PAGES} 页，请分成几份再传")
    if pages < 1:
        raise Uncleanable(BROKEN)
    return pages


def _strip(item: Object, depth: int = 0) -> None:
    """Cut everything of `_CUT` from one object and what stands directly inside it."""
    if depth > 50:
        raise Uncleanable(BROKEN)
    if isinstance(item, Array):
        members: list[object] = list(item)
        inner = [value for value in members if isinstance(value, Object)]
    elif isinstance(item, Dictionary | Stream):
        inner = _strip_keys(item)
    else:
        return
    for value in inner:
        if not value.is_indirect:
            _strip(value, depth + 1)


def _strip_keys(item: Dictionary | Stream) -> list[Object]:
    outside = _EXTERNAL_STREAM if isinstance(item, Stream) else ()
    inner: list[Object] = []
    for key in list(item.keys()):
        value: object = item.get(key)
        if key in outside or (key in _CUT and not _is_resource(value)) or _is_action(value):
            del item[key]
        elif isinstance(value, Object):
            inner.append(value)
    if isinstance(item, Stream):
        _strip_picture(item)
    return inner


def _is_action(value: object) -> bool:
    return isinstance(value, Dictionary) and str(value.get("/S", "")) in _ACTIONS


def _is_resource(value: object) -> bool:
    if isinstance(value, Array):
        return len(value) > 1 and isinstance(value[0], Name)  # a colour space
    if not isinstance(value, Dictionary | Stream):
        return False
    return str(value.get("/Type", "")) in _RESOURCES or "/PatternType" in value or "/ShadingType" in value


def _strip_picture(item: Stream) -> None:
    """Photographs inside a PDF carry their own descriptions: cut them without touching the picture."""
    kinds = _listed(item.get("/Filter"))
    if not kinds or kinds[-1] not in (Name.DCTDecode, Name.JPXDecode):
        return
    data = item.read_raw_bytes()
    if kinds[:-1] == [Name.FlateDecode]:
        data = zlib.decompressobj().decompress(data, MAX_PICTURE)
    elif len(kinds) > 1:
        raise Uncleanable("里面图片的存法不常见，检查不了")
    how = _listed(item.get("/DecodeParms"))
    colours = how[-1] if how and isinstance(how[-1], Dictionary) else None
    strip = strip_jpeg if kinds[-1] == Name.DCTDecode else strip_jpeg2000
    item.write(strip(data), filter=Name(str(kinds[-1])), decode_parms=colours)


def _listed(value: object) -> list[object]:
    """Return what stands under a key as a list, whether it was one thing or several."""
    if isinstance(value, Array):
        members: list[object] = list(value)
        return members
    return [] if value is None else [value]


def strip_jpeg(data: bytes) -> bytes:
    """Return a JPEG without comments and application segments, but for JFIF and Adobe's, which say how to read colours.

    Everything behind the end of the picture goes as well. Raises Uncleanable when it is no JPEG.
    """
    if data[:2] != b"\xff\xd8":
        raise Uncleanable(BROKEN)
    kept, at = bytearray(data[:2]), 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise Uncleanable(BROKEN)
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA:
            close = data.rfind(b"\xff\xd9")
            return bytes(kept + data[at : close + 2 if close > at else len(data)])
        described = 0xE0 <= marker <= 0xEF or marker == 0xFE
        if not described or marker == 0xEE or (marker == 0xE0 and data[at + 4 : at + 9] == b"JFIF\0"):
            kept += data[at:end]
        at = end
    raise Uncleanable(BROKEN)


def strip_jpeg2000(data: bytes) -> bytes:
    """Return a JPEG 2000 with only the boxes that hold the picture; a bare code stream stays as it is."""
    if data[:4] == b"\xff\x4f\xff\x51":
        return data
    kept, at = bytearray(), 0
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if length == 0 or (length == 1 and kind == b"jp2c"):
            length = len(data) - at
        if length < 8:
            raise Uncleanable(BROKEN)
        if kind in (b"jP  ", b"ftyp", b"jp2h", b"jp2c"):
            kept += data[at : at + length]
        at += length
    if not kept:
        raise Uncleanable(BROKEN)
    return bytes(kept)
