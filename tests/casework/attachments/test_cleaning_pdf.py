"""PDF: pages survive, everything that acts, hides or points elsewhere does not (UPL-02, UPL-03, UPL-04, UPL-07)."""

from __future__ import annotations

import time
import zlib
from io import BytesIO

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String
from pypdf import PdfReader

from casework.cleaning.runner import Answer, Cleaned, clean_apart
from tests.casework.attachments import samples

LIMIT = 30 * 1024 * 1024
ACTIVE = (b"JavaScript", b"/JS", b"OpenAction", b"/AA", b"Launch", b"EmbeddedFile", b"/XFA", b"RichMedia", b"/URI")
INSIDE = b"10.0.0.1"


def cleaned(data: bytes) -> tuple[Answer, bytes]:
    """What the cleaning process answers, and the copy."""
    copy = bytearray()
    return clean_apart("application/pdf", len(data), [data], copy.extend, LIMIT), bytes(copy)


def saved(pdf: Pdf, **options: object) -> bytes:
    out = BytesIO()
    pdf.save(out, **options)
    return out.getvalue()


def with_text(text: str = "evidence", pages: int = 1, font_name: str = "F1") -> Pdf:
    """A PDF that says something on each page."""
    pdf = Pdf.new()
    font = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    for _ in range(pages):
        page = pdf.add_blank_page(page_size=(300, 200)).obj
        page.Resources = Dictionary(Font=Dictionary({f"/{font_name}": font}))
        page.Contents = pdf.make_stream(f"BT /{font_name} 12 Tf 20 100 Td ({text}) Tj ET".encode())
    return pdf


def hostile() -> bytes:
    """A PDF with every kind of action, attachment and reference that is known to do harm."""
    pdf = with_text()
    script = pdf.make_indirect(Dictionary(S=Name.JavaScript, JS=String("app.alert(1)")))
    link = Dictionary(S=Name.URI, URI=String("http://10.0.0.1/leak"))
    launch = Dictionary(S=Name.Launch, F=String("cmd.exe"))
    pdf.Root.OpenAction = script
    pdf.Root.AA = Dictionary(WC=script)
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("a"), script])))
    pdf.Root.AcroForm = Dictionary(XFA=pdf.make_stream(b"<xdp/>"), Fields=Array([]))
    pdf.attachments["evil.exe"] = pikepdf.AttachedFileSpec(pdf, b"MZ evil", filename="evil.exe")
    page = pdf.pages[0].obj
    page.AA = Dictionary(O=script)
    rectangle = Array([0, 0, 50, 50])
    page.Annots = Array(
        [
            pdf.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=rectangle, A=action))
            for action in (link, launch, script)
        ]
        + [pdf.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=rectangle))]
    )
    outside = pdf.make_stream(b"")
    outside.F = String("http://10.0.0.1/image")
    outside.Type, outside.Subtype = Name.XObject, Name.Image
    outside.Width = outside.Height = outside.BitsPerComponent = 8
    outside.ColorSpace = Name.DeviceGray
    page.Resources.XObject = Dictionary(Im0=outside)
    return saved(pdf, object_stream_mode=pikepdf.ObjectStreamMode.disable)


def by_hand(*objects: bytes) -> bytes:
    """A PDF of the given objects, numbered from 1, with a true table of where they are; the first is the root."""
    data, places = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, start=1):
        places.append(b"%010d 00000 n \n" % len(data))
        data += b"%d 0 obj" % number + item + b"endobj\n"
    count = len(objects) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n" % count + b"".join(places)
    return data + table + b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (count, len(data))


def plain_bytes(data: bytes) -> bytes:
    """All objects and streams of a PDF, unpacked: nothing can hide in a compressed one."""
    with pikepdf.open(BytesIO(data)) as pdf:
        return saved(
            pdf,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
            compress_streams=False,
        )


def test_upl_07_nothing_that_acts_or_points_elsewhere_survives() -> None:
    original = hostile()
    assert all(mark in original for mark in (*ACTIVE, INSIDE))

    answer, copy = cleaned(original)

    assert isinstance(answer, Cleaned)
    assert answer.pages == 1
    unpacked = plain_bytes(copy)
    assert [mark for mark in (*ACTIVE, INSIDE, b"evil", b"cmd.exe") if mark in unpacked] == []
    assert PdfReader(BytesIO(copy)).pages[0].extract_text().strip() == "evidence"


def test_upl_02_what_stands_before_or_behind_a_pdf_is_not_in_its_copy() -> None:
    _, copy = cleaned(saved(with_text()) + b"<html><script>alert(1)</script>PK\x03\x04")

    assert b"<script" not in copy
    assert b"PK\x03\x04" not in copy
    assert copy.startswith(b"%PDF-")


@pytest.mark.parametrize("packed", [False, True])
def test_upl_04_no_description_survives_in_a_pdf_nor_in_its_photographs(packed: bool) -> None:
    pdf = with_text()
    with pdf.open_metadata() as about:
        about["dc:title"] = samples.CANARY
    pdf.docinfo["/Author"] = samples.CANARY
    photograph = pdf.make_stream(b"")
    if packed:
        photograph.write(zlib.compress(samples.described_jpeg()), filter=Array([Name.FlateDecode, Name.DCTDecode]))
    else:
        photograph.write(samples.described_jpeg(), filter=Name.DCTDecode)
    photograph.Type, photograph.Subtype, photograph.ColorSpace = Name.XObject, Name.Image, Name.DeviceRGB
    photograph.Width, photograph.Height, photograph.BitsPerComponent = 64, 48, 8
    photograph.Metadata = pdf.make_stream(samples.XMP)
    pdf.pages[0].obj.Resources.XObject = Dictionary(Im0=photograph)
    pdf.pages[0].obj.PieceInfo = Dictionary(Editor=Dictionary(Private=String(samples.CANARY)))
    original = saved(pdf)

    answer, copy = cleaned(original)

    assert isinstance(answer, Cleaned)
    assert samples.holds_canary(plain_bytes(original))
    assert not samples.holds_canary(plain_bytes(copy))
    with pikepdf.open(BytesIO(copy)) as reopened:
        picture = pikepdf.PdfImage(reopened.pages[0].obj.Resources.XObject.Im0).as_pil_image()
        assert picture.size == (64, 48)
        assert picture.getpixel((5, 5))[0] > 200
        assert reopened.docinfo.keys() == set()


def test_what_was_stamped_on_a_page_stays_visible() -> None:
    pdf = with_text()
    look = pdf.make_stream(b"BT /F0 9 Tf 2 2 Td (stamped) Tj ET")
    look.Type, look.Subtype, look.BBox = Name.XObject, Name.Form, Array([0, 0, 80, 20])
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    look.Resources = Dictionary(Font=Dictionary(F0=font))
    stamp = Dictionary(Type=Name.Annot, Subtype=Name.Stamp, Rect=Array([10, 10, 90, 30]), AP=Dictionary(N=look), F=4)
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(stamp)])

    _, copy = cleaned(saved(pdf))

    assert "stamped" in PdfReader(BytesIO(copy)).pages[0].extract_text()


@pytest.mark.parametrize("font_name", ["AA", "Ref", "JS", "A"])
def test_a_font_may_be_called_like_an_action(font_name: str) -> None:
    _, copy = cleaned(saved(with_text(font_name=font_name)))

    with pikepdf.open(BytesIO(copy)) as reopened:
        assert reopened.pages[0].obj.Resources.Font[f"/{font_name}"].BaseFont == Name.Helvetica


def test_an_earlier_version_inside_the_file_is_not_in_its_copy() -> None:
    first = saved(with_text("withdrawn"), static_id=True)
    with pikepdf.open(BytesIO(first)) as pdf:
        pdf.pages[0].obj.Contents = pdf.make_stream(b"BT /F1 12 Tf 20 100 Td (final) Tj ET")
        pdf.Root.Old = pdf.make_stream(b"withdrawn")
        second = saved(pdf)

    _, copy = cleaned(second)

    assert b"withdrawn" in plain_bytes(second)
    assert b"withdrawn" not in plain_bytes(copy)
    assert "final" in PdfReader(BytesIO(copy)).pages[0].extract_text()


def test_upl_07_a_file_that_asks_for_a_password_is_kept_sealed() -> None:
    locked = saved(with_text(), encryption=pikepdf.Encryption(user="secret", owner="secret"))

    assert cleaned(locked) == (Answer("文件设了密码，请去掉密码再传一份"), b"")


def test_a_file_that_only_forbids_printing_is_cleaned() -> None:
    guarded = saved(with_text(), encryption=pikepdf.Encryption(user="", owner="bank"))

    answer, copy = cleaned(guarded)

    assert isinstance(answer, Cleaned)
    assert not PdfReader(BytesIO(copy)).is_encrypted


@pytest.mark.parametrize("damage", ["cut", "xref", "noise"])
def test_upl_07_a_broken_file_is_repaired_or_kept_sealed(damage: str) -> None:
    whole = saved(with_text())
    broken = {
        "cut": whole[: len(whole) // 3],
        "xref": whole.replace(b"startxref", b"startxxxx"),
        "noise": b"%PDF-1.7\n" + bytes(range(256)) * 40,
    }[damage]

    answer, copy = cleaned(broken)

    if isinstance(answer, Cleaned):
        assert "evidence" in PdfReader(BytesIO(copy)).pages[0].extract_text()
    else:
        assert answer == Answer("文件打不开，可能已经损坏")
        assert copy == b""


def test_upl_03_a_file_of_a_hundred_thousand_pages_is_refused_within_five_seconds() -> None:
    pages = b"<</Type/Pages/Count 100000/Kids[" + b"3 0 R " * 100_000 + b"]>>"
    bomb = by_hand(b"<</Type/Catalog/Pages 2 0 R>>", pages, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>")

    began = time.monotonic()
    answer, copy = cleaned(bomb)

    assert answer == Answer("有 100000 页，最多 300 页，请分成几份再传")
    assert copy == b""
    assert time.monotonic() - began < 5


def test_upl_03_a_count_that_lies_does_not_let_more_pages_in() -> None:
    data = saved(with_text(pages=301), object_stream_mode=pikepdf.ObjectStreamMode.disable)

    answer, _ = cleaned(data.replace(b"/Count 301", b"/Count 1  "))

    assert answer == Answer("有 301 页，最多 300 页，请分成几份再传")


def test_upl_03_a_deeply_nested_file_ends_within_the_limits() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    bomb = by_hand(
        b"<</Type/Catalog/Pages 2 0 R/Deep " + deep + b">>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
    )

    began = time.monotonic()
    answer, copy = cleaned(bomb)

    assert isinstance(answer, Cleaned) == bool(copy)
    assert b"[[[" not in copy
    assert time.monotonic() - began < 5
