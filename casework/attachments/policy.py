"""What may be attached: one table of types and limits, which the pages print and `receive` enforces."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1024 * 1024

IMAGE = "image"
PDF = "pdf"
AUDIO = "audio"
VIDEO = "video"
TEXT = "text"


@dataclass(frozen=True)
class FileType:
    """One type of file: `label` is what people call it, `extensions` (with dot, small) the first one is the usual."""

    key: str
    label: str
    media_type: str
    extensions: tuple[str, ...]
    family: str


@dataclass(frozen=True)
class Family:
    """What holds for all types of one sort. `shorten` says what to do with a file that is too large."""

    key: str
    label: str
    max_bytes: int
    shorten: str


FAMILIES: dict[str, Family] = {
    family.key: family
    for family in (
        Family(IMAGE, "图片", 20 * MB, "请改用较小的尺寸，或截图后上传"),
        Family(PDF, "PDF", 30 * MB, "请分成几份上传"),
        Family(AUDIO, "录音", 50 * MB, "请剪成几段上传"),
        Family(VIDEO, "视频", 200 * MB, "请剪短后上传"),
        Family(TEXT, "文本", 2 * MB, "请分成几份上传"),
    )
}

POLICY: dict[str, FileType] = {
    kind.key: kind
    for kind in (
        FileType("jpeg", "JPG 图片", "image/jpeg", (".jpg", ".jpeg", ".jfif"), IMAGE),
        FileType("png", "PNG 图片", "image/png", (".png",), IMAGE),
        FileType("webp", "WebP 图片", "image/webp", (".webp",), IMAGE),
        FileType("heic", "HEIC 图片", "image/heic", (".heic", ".heif"), IMAGE),
        FileType("pdf", "PDF 文件", "application/pdf", (".pdf",), PDF),
        FileType("mp3", "MP3 录音", "audio/mpeg", (".mp3",), AUDIO),
        FileType("m4a", "M4A 录音", "audio/mp4", (".m4a",), AUDIO),
        FileType("aac", "AAC 录音", "audio/aac", (".aac",), AUDIO),
        FileType("wav", "WAV 录音", "audio/wav", (".wav",), AUDIO),
        FileType("amr", "AMR 录音", "audio/amr", (".amr",), AUDIO),
        FileType("mp4", "MP4 视频", "video/mp4", (".mp4",), VIDEO),
        FileType("txt", "TXT 文本", "text/plain", (".txt",), TEXT),
    )
}

MAX_FILES = 20
"""Files of one filing, and of one act of the desk."""
MAX_TOTAL = 200 * MB
"""Bytes of one filing, all its files together."""
MAX_PIXELS = 50_000_000
MAX_SIDE = 12_000
MAX_PAGES = 300
NAME_LENGTH = 100

BY_EXTENSION: dict[str, FileType] = {ending: kind for kind in POLICY.values() for ending in kind.extensions}
BY_MEDIA_TYPE: dict[str, FileType] = {kind.media_type: kind for kind in POLICY.values()}

# Names that messengers and browsers give to files without saying what they are: the content decides.
NEUTRAL = frozenset({"", ".image", ".file", ".dat", ".bin", ".tmp", ".download"})

_PICTURE = "请拍照后上传 JPG，或存成 PDF"
_ADVICE: dict[str, str] = {
    **dict.fromkeys((".zip", ".rar", ".7z", ".tar", ".gz"), "请解压后把里面的文件逐个上传"),
    **dict.fromkeys((".doc", ".docx", ".wps", ".xls", ".xlsx", ".et", ".ppt", ".pptx", ".ofd"), "请存成 PDF 后上传"),
    **dict.fromkeys((".html", ".htm", ".mht", ".svg", ".eps", ".ps"), "请截图后上传 JPG，或存成 PDF"),
    **dict.fromkeys((".mov", ".avi", ".mkv", ".wmv", ".3gp", ".flv", ".webm"), "请存成 MP4 后上传"),
    **dict.fromkeys((".wma", ".ogg", ".opus", ".flac", ".silk", ".ape"), "请存成 MP3 后上传"),
}


def advice(ending: str) -> str:
    """Return what to do with a file of an ending (with dot) that is not taken."""
    return _ADVICE.get(ending, _PICTURE)


def accept() -> str:
    """Return the value of the file input's `accept`: media types and endings, separated by commas."""
    return ",".join([*(kind.media_type for kind in POLICY.values()), *BY_EXTENSION])


def size_text(size: int) -> str:
    """Return a number of bytes as pages print it: 412 KB, 1.8 MB."""
    if size < 1024:
        return f"{size} 字节"
    if size < MB:
        return f"{size / 1024:.0f} KB"
    return f"{size / MB:.1f}".removesuffix(".0") + " MB"


def names_of(family: Family) -> str:
    """Return the types of a family as people call them: JPG、PNG、WebP、HEIC."""
    return "、".join(kind.label.split()[0] for kind in POLICY.values() if kind.family == family.key)


def limits_text() -> str:
    """Return the one sentence about types and limits that stands under every file input."""
    parts = []
    for family in FAMILIES.values():
        names = names_of(family)
        shown = family.label if names == family.label else f"{family.label}（{names}）"
        parts.append(f"{shown}每个不超过 {size_text(family.max_bytes)}")
    return f"{'；'.join(parts)}。最多 {MAX_FILES} 个文件，加起来不超过 {size_text(MAX_TOTAL)}"
