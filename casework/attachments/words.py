"""What is said about a file in a list: its state, in words."""

from __future__ import annotations

from casework.attachments.policy import BY_MEDIA_TYPE, IMAGE, TEXT, size_text
from models.attachment import CLEAN, DESTROYED, REFUSED, WAITING, Attachment


def state_text(attachment: Attachment) -> str:
    """Return the state as the list shows it: 已收到，412 KB，已去除位置信息."""
    received = f"已收到，{size_text(attachment.size)}"
    if attachment.state == WAITING:
        return f"{received}，正在检查"
    if attachment.state == CLEAN:
        family = BY_MEDIA_TYPE[attachment.media_type].family
        done = {IMAGE: "已去除位置信息", TEXT: "已检查"}.get(family, "已检查，已去除附加信息")
        return f"{received}，{done}"
    if attachment.state == DESTROYED:
        return f"{size_text(attachment.size)}，保管期满，已销毁"
    if attachment.state == REFUSED:
        return f"没有收下：{attachment.reason}"
    return f"{received}，原件已封存：{attachment.reason}"
