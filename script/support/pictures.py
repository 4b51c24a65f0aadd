"""Pictures of every page at three widths, from a demo city of its own: `python -m script.support.pictures [NAME …]`."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyotp
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from app import create_app
from config import Settings
from script.support import picture_walks as walks
from script.support.test import CannotTest, find_browser

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
WIDTHS = {"phone": 360, "tablet": 768, "office": 1280}
CASES = 400
TALLEST = 2000
"""Pixels: a longer page is cut there."""
MOST_BYTES = 150_000
MOST_IN_ALL = 15_000_000
COLOURS = 8
PUBLIC = {
    "home": "/", "file": "/file", "file-complaint": "/file/complaint", "file-report": "/file/report",
    "file-consultation": "/file/consultation", "file-suggestion": "/file/suggestion",
    "file-misconduct": "/file/misconduct", "track": "/track", "board": "/board", "publicity": "/publicity",
    "guide": "/guide", "guide-flow": "/guide/flow", "guide-materials": "/guide/materials",
    "guide-questions": "/guide/questions", "guide-question": "/guide/questions/4", "board-notice": "/board/1",
    "publicity-search": "/publicity?q=健身", "publicity-rules": "/publicity/rules", "station": "/stations/F0001",
    "station-complaint": "/stations/F0001/complaint", "figures-dictionary": "/figures/dictionary",
    "guide-privacy": "/guide/privacy", "guide-access": "/guide/access", "figures": "/figures",
    "stations": "/stations", "login": "/login", "not-found": "/no-such-page", "home-large": "/?look=large",
    "home-contrast": "/?look=contrast",
}  # fmt: skip
STAFF = {
    "handler": {"desk-handler": "/desk/", "desk-overdue": "/desk/?view=overdue", "account": "/account"},
    "dispatcher": {"desk-dispatcher": "/desk/", "register": "/desk/new"},
    "lead": {"desk-lead": "/desk/", "messages": "/desk/messages", "command-lead": "/command/supervision"},
    "supervisor": {
        "desk-supervisor": "/desk/",
        "command": "/command/",
        "command-supervision": "/command/supervision",
        "command-supervision-closed": "/command/supervision?view=closed",
        "command-supervision-cases": "/command/supervision?view=overdue",
        "command-directives": "/command/directives",
        "command-directive-new": "/command/directives/new",
        "command-incidents": "/command/incidents",
        "command-duty": "/command/duty",
        "command-roster": "/command/duty/roster",
        "command-callbacks": "/command/callbacks",
        "command-callback": "/command/callbacks/next",
        "command-operations": "/command/operations",
        "briefings": "/briefings/",
        "insight": "/insight/",
        "hotspots": "/insight/hotspots",
        "assessment": "/insight/assessment/",
        "command-publicity": "/command/publicity",
        "command-stations": "/command/stations",
        "station-kept": "/command/stations/F0001",
        "knowledge": "/desk/knowledge",
        "board-edit": "/board/edit",
    },
    "leader": {"desk-leader": "/desk/"},
    "intake": {"desk-intake": "/desk/"},
    "mediator": {"desk-mediator": "/desk/"},
    "archivist": {"archive": "/archive/"},
    "discipline": {"desk-discipline": "/desk/"},
    "system_admin": {"admin": "/admin/", "admin-calendar": "/admin/calendar"},
}
"""Role → name of the picture → address."""
WALKED = {"case-dispatcher"}
"""Pictures of cases that the walk of a complaint takes."""


@dataclass(frozen=True)
class Account:
    """One of the demo accounts."""

    username: str
    password: str
    totp_secret: str
    role: str


class CannotPicture(RuntimeError):
    """The pictures cannot be taken; the message says why."""


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def demo_city(folder: Path) -> Iterator[str]:
    """Serve a demo city from `folder`; lend its address. Raise CannotPicture when it does not come up."""
    port = free_port()
    environ = {**os.environ, "DATA_DIR": str(folder), "PORT": str(port), "RATE_LIMITS": "off", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "script.support.serve", "--cases", str(CASES)]
    serving = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        for line in serving.stdout or ():
            if line.startswith("ready "):
                break
        else:
            raise CannotPicture("The demo city did not come up; run script/serve to see why.")
        yield f"http://127.0.0.1:{port}"
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(60)


def accounts(folder: Path) -> dict[str, Account]:
    """Return the first demo account of each role."""
    found: dict[str, Account] = {}
    with (folder / "demo-accounts.csv").open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            account = Account(row["username"], row["password"], row["totp_secret"], row["role"])
            found.setdefault(account.role, account)
    return found


class Camera:
    """Takes and keeps the pictures whose names were asked for."""

    def __init__(self, wanted: list[str]) -> None:
        self.wanted = tuple(wanted)
        self.taken: list[Path] = []

    def wants(self, name: str) -> bool:
        """Tell whether a picture was asked for; all are when nothing was."""
        return not self.wanted or name.startswith(self.wanted)

    def take(self, page: Page, name: str) -> None:
        """Take the page that is open at every width."""
        if not self.wants(name):
            return
        for width in WIDTHS.values():
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_load_state("networkidle")
            # As tall as the page: what sticks to the lower edge of the window then stands at its end.
            tall = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
            page.set_viewport_size({"width": width, "height": max(tall, 800)})
            self._keep(page.screenshot(full_page=True), PICTURES / f"{name}-{width}.png")
        print(f"{name}: {page.url}", flush=True)

    def _keep(self, raw: bytes, place: Path) -> None:
        with Image.open(io.BytesIO(raw)) as shot:
            picture = shot.convert("RGB")
        picture = picture.crop((0, 0, picture.width, min(picture.height, TALLEST)))
        while True:
            kept = io.BytesIO()
            picture.quantize(COLOURS, dither=Image.Dither.NONE).save(kept, "PNG", optimize=True)
            if kept.tell() < MOST_BYTES:
                place.write_bytes(kept.getvalue())
                self.taken.append(place)
                return
            picture = picture.crop((0, 0, picture.width, picture.height * 3 // 4))


def picture_public(browser: Browser, base: str, camera: Camera) -> None:
    """Take the pages of the public that anybody may open."""
    for name, path in PUBLIC.items():
        if not camera.wants(name):
            continue
        with browser.new_context(locale="zh-CN") as context:
            page = context.new_page()
            page.goto(base + path)
            camera.take(page, name)


def picture_staff(as_role: walks.Open, known: dict[str, Account], camera: Camera) -> None:
    """Take the pages of each role, and one case of everybody who has one."""
    for role, pages in STAFF.items():
        case = f"case-{role}"
        if role not in known or not any(map(camera.wants, (*pages, case))):
            continue
        page = as_role(role)
        for name, path in pages.items():
            page.goto(path)
            camera.take(page, name)
        page.goto("/desk/")
        number = re.search(r"/desk/cases/([A-Z]\d{8}-\d+-\d)", page.content())
        if number is not None and case not in WALKED:
            page.goto(f"/desk/cases/{number[1]}")
            camera.take(page, case)


def picture_walks(browser: Browser, base: str, as_role: walks.Open, camera: Camera, settings: Settings) -> None:
    """Follow the ways of a complaint, a report and a call; show what is read when something goes wrong."""
    for walk in (
        walks.follow_a_complaint,
        walks.follow_a_report,
        walks.take_a_call,
        walks.read_briefings,
        walks.go_wrong,
    ):
        walk(browser, base, camera.take, as_role)
    portal = create_app(settings)

    def rendered(fault: Exception) -> str:
        with portal.test_request_context("/"):
            return walks.page_of(fault)

    walks.show_faults(browser, base, camera.take, rendered)


def opener(browser: Browser, base: str, known: dict[str, Account]) -> walks.Open:
    """Return what opens a page for somebody of a role: everybody signs in once."""
    pages: dict[str, Page] = {}

    def as_role(role: str) -> Page:
        if role not in pages:
            pages[role] = browser.new_context(base_url=base, locale="zh-CN").new_page()
            sign_in(pages[role], base, known[role])
        pages[role].emulate_media(media="screen")
        return pages[role]

    return as_role


def sign_in(page: Page, base: str, account: Account) -> None:
    """Sign a person in with the code of the moment."""
    page.goto(f"{base}/login")
    page.fill("[name=username]", account.username)
    page.fill("[name=password]", account.password)
    if account.totp_secret:
        page.fill("[name=otp]", pyotp.TOTP(account.totp_secret).now())
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state("networkidle")
    if page.url.endswith("/login"):
        raise CannotPicture(f"{account.username} could not sign in: {page.locator('main').inner_text()[:300]}")


def main() -> int:
    """Take the pictures named by the arguments; return 0 when all are small enough."""
    folder = Path(tempfile.mkdtemp(prefix="portal-pictures-"))
    camera = Camera(sys.argv[1:])
    PICTURES.mkdir(parents=True, exist_ok=True)
    try:
        with demo_city(folder) as base, sync_playwright() as playwright:
            chinese: dict[str, str | float | bool] = {**os.environ, "LANGUAGE": "zh_CN"}
            browser = playwright.chromium.launch(
                executable_path=find_browser(), args=["--no-sandbox", "--lang=zh-CN"], env=chinese
            )
            known = accounts(folder)
            as_role = opener(browser, base, known)
            picture_public(browser, base, camera)
            picture_staff(as_role, known, camera)
            settings = Settings.from_env({**os.environ, "DATA_DIR": str(folder), "RATE_LIMITS": "off"})
            picture_walks(browser, base, as_role, camera, settings)
            browser.close()
    except (CannotPicture, CannotTest) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    size = sum(place.stat().st_size for place in PICTURES.rglob("*.png"))
    print(f"{len(camera.taken)} pictures were taken; docs/pictures holds {size / 1e6:.1f} MB.")
    return 0 if size <= MOST_IN_ALL else 1


if __name__ == "__main__":
    sys.exit(main())
