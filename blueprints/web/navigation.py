"""The links at the top of every page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """One link: where it leads, what it says, which paths belong to it, who sees it and who does not."""

    href: str
    label: str
    permissions: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    """Not shown to whom these let in: they find the page below another link."""

    def holds(self, path: str) -> bool:
        """Tell whether a page belongs to this link."""
        return path == self.href or (self.href != "/" and path.startswith(self.href.rstrip("/") + "/"))


PUBLIC = (
    Link("/", "首页"),
    Link("/file", "我要反映"),
    Link("/track", "查办理进度"),
    Link("/board", "公示栏"),
    Link("/guide", "办事指南"),
    Link("/figures", "数据公开"),
)

STAFF = (
    Link("/desk/", "办理台", ("desk.read",)),
    Link("/desk/new", "登记", ("register",)),
    Link("/command/", "指挥督办", ("command",)),
    Link("/command/duty", "值班", ("duty",), unless=("command",)),
    Link("/command/operations", "运行情况", ("operations",), unless=("command",)),
    Link("/command/stations", "服务站", ("stations",), unless=("command",)),
    Link("/desk/knowledge", "知识库", ("knowledge",)),
    Link("/briefings/", "简报", ("briefing",)),
    Link("/board/edit", "公示编辑", ("board.edit", "board.publish")),
    Link("/archive/", "档案", ("archive",)),
    Link("/insight/", "统计", ("insight",)),
    Link("/insight/hotspots", "热点", ("hotspots",), unless=("insight",)),
    Link("/admin/", "管理", ("admin.system", "admin.security")),
    Link("/guide", "制度"),
)


def current_of(links: tuple[Link, ...], path: str) -> str | None:
    """Return the address of the link that a page belongs to: the closest one."""
    found = [link.href for link in links if link.holds(path)]
    return max(found, key=len, default=None)
