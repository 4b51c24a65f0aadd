"""Eight clients at once on the server of deploy/: filings, lists, tracking; anonymous pages; the memory it takes."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from random import Random

from benchmarks import server, way
from benchmarks.cities import CannotMeasure, City, opened, sign_in
from benchmarks.client import Load, Reply, cookies_of, get, post
from benchmarks.measuring import Line, Times, at_least, under, within
from blueprints.web.staff import SESSION_COOKIE
from script.support.processes import Supervisor

CLIENTS = 8
FILINGS, QUEUE, QUEUE_KB, TRACKING, ANONYMOUS, WEB_MB = 300.0, 20.0, 15.0, 8.0, 3000.0, 150.0
PAGES = ("/", "/guide", "/file/complaint")


def under_load(city: City, supervisor: Supervisor, samples: int, seconds: float) -> Iterator[Line]:
    """Measure everything that needs the running server; `samples` requests of each kind, `seconds` for each page."""
    with opened(city):
        token = sign_in("leader")
    with server.serving(city, supervisor) as running:
        load = Load(running.port, CLIENTS)
        yield from _lists(load, {SESSION_COOKIE: token}, samples)
        sent, visits = _sent(load, samples)
        found = Times.of(reply.seconds for reply in sent)
        what = f"filings through the web form, {CLIENTS} clients ({found.words()} each)"
        yield at_least("filings", what, len(sent) / load.seconds, FILINGS, "/s")
        yield from _tracking(load, sent[: samples // 4], visits)
        yield from _anonymous(running.port, seconds)
        sizes = [server.memory(one) for one in running.processes()]
        yield under("memory", f"largest of {len(sizes)} web processes after the load", max(sizes), WEB_MB, "MB")


def _lists(load: Load, cookies: dict[str, str], samples: int) -> Iterator[Line]:
    asked = get("/desk/?view=all", cookies)
    load.send([asked] * CLIENTS * 4)
    replies = expected(load.send([asked] * samples), 200)
    rate = len(replies) / load.seconds
    together = Times.of(reply.seconds for reply in replies)
    alone = Times.of(reply.seconds for reply in expected(Load(load.port, 1).send([asked] * (samples // 2)), 200))
    yield within("list", "a page of a list over HTTP, 1 client", alone, QUEUE)
    yield within("list", f"{CLIENTS} clients at once ({rate:,.0f} pages a second)", together, QUEUE)
    yield under("list", "its body, compressed", len(replies[0].body) / 1000, QUEUE_KB, "KB")


def _sent(load: Load, count: int) -> tuple[list[Reply], list[dict[str, str]]]:
    """Go the way up to the page before sending, unmeasured, then send all; return the replies and their visits."""
    warm(load)
    ready, visits = finals(load, range(count), Random(7))
    return expected(load.send(ready), 303), visits


def warm(load: Load) -> None:
    """File some: a server that has just begun puts its statements together first."""
    expected(load.send(finals(load, range(10**6, 10**6 + CLIENTS * 8), Random(5))[0]), 303)


def finals(load: Load, numbers: range, rng: Random) -> tuple[list[bytes], list[dict[str, str]]]:
    """Fill in forms and check them; return the last POST of each, and its visit."""
    checks = expected(load.send([post(way.FORM, way.filled(number, rng)) for number in numbers]), 200)
    visits = [cookies_of(reply) for reply in checks]
    ready = [
        post(f"{way.FORM}/send", way.carried(way.text_of(reply)), visit)
        for reply, visit in zip(checks, visits, strict=True)
    ]
    return ready, visits


def _tracking(load: Load, sent: Sequence[Reply], visits: Sequence[dict[str, str]]) -> Iterator[Line]:
    """Follow what was filed: opening with number and code, then the page of the case."""
    receipts = expected(load.send([get(r.headers["location"], v) for r, v in zip(sent, visits, strict=False)]), 200)
    slips = [way.slip_of(way.text_of(reply)) for reply in receipts]
    forms = [post("/track", [("number", slip.number), ("code", slip.code)]) for slip in slips]
    for clients in (1, CLIENTS):
        asking = Load(load.port, clients)
        opening = expected(asking.send(forms), 303)
        pages = [get(reply.headers["location"], cookies_of(reply)) for reply in opening]
        followed = expected(asking.send(pages), 200)
        who = f"{clients} client{'s at once' if clients > 1 else ''}"
        yield within("tracking", f"number and code, {who}", Times.of(one.seconds for one in opening), TRACKING)
        yield within("tracking", f"the page of the case, {who}", Times.of(one.seconds for one in followed), TRACKING)


def _anonymous(port: int, seconds: float) -> Iterator[Line]:
    """Let wrk read the anonymous pages as fast as it can."""
    if shutil.which("wrk") is None:
        yield Line("anonymous", "not measured: wrk is not installed", "")
        return
    for address in PAGES:
        command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{max(1, round(seconds))}s", "-H", "Accept-Encoding: gzip"]
        command.append(f"http://127.0.0.1:{port}{address}")
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
        if rate is None or "Non-2xx" in done.stdout:
            raise CannotMeasure(f"{address}: {done.stdout}")
        yield at_least("anonymous", f"{address}, whole bodies", float(rate.group(1)), ANONYMOUS, "/s")


def expected(replies: list[Reply], status: int) -> list[Reply]:
    """Return the replies when each has this status; raise CannotMeasure with the first that has not."""
    for reply in replies:
        if reply.status != status:
            said = way.text_of(reply)[:2000] if reply.body else ""
            raise CannotMeasure(f"answered {reply.status}, not {status}: {reply.headers} {said}")
    return replies
