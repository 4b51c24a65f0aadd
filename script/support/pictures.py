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
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from script.support.test import CannotTest, find_browser

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
WIDTHS = {"phone": 360, "tablet": 768, "office": 1280}
CASES = 400
TALLEST = 2600
"""Pixels: a longer page is cut there."""
MOST_BYTES = 150_000
MOST_IN_ALL = 15_000_000
COLOURS = (128, 64, 32, 16)
PUBLIC = {
    "home": "/", "file": "/file", "file-complaint": "/file/complaint", "file-report": "/file/report",
    "file-consultation": "/file/consultation", "file-suggestion": "/file/suggestion",
    "file-misconduct": "/file/misconduct", "track": "/track", "board": "/board", "publicity": "/publicity",
    "guide": "/guide", "guide-flow": "/guide/flow", "guide-materials": "/guide/materials",
    "guide-privacy": "/guide/privacy", "guide-access": "/guide/access", "figures": "/figures",
    "stations": "/stations", "login": "/login", "not-found": "/no-such-page", "home-large": "/?look=large",
    "home-contrast": "/?look=contrast",
}  # fmt: skip
STAFF = {
    "handler": {"desk-handler": "/desk/", "desk-overdue": "/desk/?view=overdue", "account": "/account"},
    "dispatcher": {"desk-dispatcher": "/desk/", "register": "/desk/new"},
    "lead": {"desk-lead": "/desk/", "messages": "/desk/messages"},
    "supervisor": {
        "desk-supervisor": "/desk/",
        "command": "/command/",
        "briefings": "/briefings/",
        "insight": "/insight/",
    },
    "leader": {"desk-leader": "/desk/"},
    "discipline": {"desk-discipline": "/desk/"},
    "system_admin": {"admin": "/admin/"},
}
"""Role → name of the picture → address."""
ONWARD = "main form button[type=submit]:not([name])"
"""The button that leads on; those with a name save, upload or remove."""
CONTENT = "2026年3月2日在该店办健身年卡，付款3680元。9月28日去锻炼，发现门店关门，要求退还剩余费用，对方不再接电话。"


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
            self._keep(page.screenshot(full_page=True), PICTURES / f"{name}-{width}.png")
        print(f"{name}: {page.url}", flush=True)

    def _keep(self, raw: bytes, place: Path) -> None:
        with Image.open(io.BytesIO(raw)) as shot:
            picture = shot.convert("RGB")
        picture = picture.crop((0, 0, picture.width, min(picture.height, TALLEST)))
        while True:
            for colours in COLOURS:
                kept = io.BytesIO()
                picture.quantize(colours, dither=Image.Dither.NONE).save(kept, "PNG", optimize=True)
                if kept.tell() < MOST_BYTES:
                    place.write_bytes(kept.getvalue())
                    self.taken.append(place)
                    return
            picture = picture.crop((0, 0, picture.width, picture.height * 3 // 4))


def picture_public(browser: Browser, base: str, camera: Camera) -> None:
    """Take the pages of the public, and the way of one filing to its case."""
    for name, path in PUBLIC.items():
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(base + path)
            camera.take(page, name)
    with browser.new_context() as context:
        _file_and_follow(context, base, camera)


def _file_and_follow(context: BrowserContext, base: str, camera: Camera) -> None:
    """Go the way of a consultation: form with a sentence, check, receipt, following."""
    page = context.new_page()
    page.goto(f"{base}/file/consultation")
    page.locator(ONWARD).last.click()
    camera.take(page, "file-errors")
    page.fill("[name=content]", CONTENT)
    page.locator(ONWARD).last.click()
    camera.take(page, "file-check")
    page.locator("form#send button[type=submit]:not([name])").last.click()
    page.wait_for_url("**/file/receipt/**")
    camera.take(page, "receipt")
    number, code = (field.strip() for field in page.locator(".receipt-keys dd").all_inner_texts()[:2])
    page.goto(f"{base}/track")
    page.fill("main [name=number]", number)
    page.fill("main [name=code]", code)
    page.locator("main form:has([name=code]) button[type=submit]").first.click()
    page.wait_for_url("**/track/case**")
    camera.take(page, "track-case")


def picture_staff(browser: Browser, base: str, known: dict[str, Account], camera: Camera) -> None:
    """Take the pages of each role, and one case of everybody who has one."""
    for role, pages in STAFF.items():
        case = f"case-{role}"
        if role not in known or not any(map(camera.wants, (*pages, case))):
            continue
        with browser.new_context() as context:
            page = context.new_page()
            sign_in(page, base, known[role])
            for name, path in pages.items():
                page.goto(base + path)
                camera.take(page, name)
            page.goto(f"{base}/desk/")
            number = re.search(r"/desk/cases/([A-Z]\d{8}-\d+-\d)", page.content())
            if number is not None:
                page.goto(f"{base}/desk/cases/{number[1]}")
                camera.take(page, case)


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
            browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
            picture_public(browser, base, camera)
            picture_staff(browser, base, accounts(folder), camera)
            browser.close()
    except (CannotPicture, CannotTest) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    size = sum(place.stat().st_size for place in PICTURES.glob("*.png"))
    print(f"{len(camera.taken)} pictures were taken; docs/pictures holds {size / 1e6:.1f} MB.")
    return 0 if size <= MOST_IN_ALL else 1


if __name__ == "__main__":
    sys.exit(main())
