"""Puts the shared machinery round an app: the order of the layers and of the guards stands here."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import urlencode

from flask import Flask, Response, g, redirect, request
from flask_login import current_user
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from blueprints.web import errors, filters, inputs, look, navigation, staff, tokens
from blueprints.web.assets import Assets, Statics
from blueprints.web.cache import FLAG, MARK, AnonymousPages
from blueprints.web.headers import KnownHosts, SecureHeaders
from blueprints.web.pages import write_message
from blueprints.web.policy import current_policy, require_policy
from blueprints.web.site import CitySettings, site_of
from blueprints.web.visits import write_cookie
from casework import papertext
from models.secrets import KeyRing

ROOT = Path(__file__).resolve().parents[2]
_TEXTS = frozenset({"text/html", "text/plain", "text/csv", "application/json", "application/atom+xml", "image/svg+xml"})


class WebSettings(CitySettings, Protocol):
    """The settings that the machinery needs; a part of `config.Settings`."""

    @property
    def profile(self) -> str: ...
    @property
    def data_dir(self) -> Path: ...
    @property
    def public_url(self) -> str: ...
    @property
    def trusted_proxies(self) -> int: ...
    @property
    def trusted_hosts(self) -> tuple[str, ...]: ...
    @property
    def is_production(self) -> bool: ...
    @property
    def secure_cookies(self) -> bool: ...


def prepare(app: Flask, settings: WebSettings, keys: KeyRing, sessions: staff.Sessions) -> AnonymousPages:
    """Furnish `app` with guards, templates, errors and the layers ahead of it; return the page cache."""
    app.request_class = inputs.PortalRequest
    app.config.update(
        PROFILE=settings.profile,
        PUBLIC_URL=settings.public_url,
        SECURE_COOKIES=settings.secure_cookies,
        CSRF_KEY=keys.derived("csrf"),
        MESSAGE_KEY=keys.derived("message"),
        MAX_CONTENT_LENGTH=inputs.PLAIN_BODY,
        MAX_FORM_MEMORY_SIZE=inputs.FIELD_MEMORY,
        MAX_FORM_PARTS=inputs.PARTS,
    )
    errors.prepare(app)
    # The order matters: who may come at all, what a request may hold, where it comes from, who sends it.
    for guard in (require_policy, choose_look, inputs.guard_inputs, staff.require_staff, tokens.guard_unsafe):
        app.before_request(cast(Any, guard))
    # Flask runs these from the last to the first: headers are set before the body is compressed.
    for finish in (compress, finish_headers, write_message, write_cookie):
        app.after_request(finish)
    app.teardown_request(inputs.close_uploads)
    staff.prepare(app, sessions)
    assets = Assets(ROOT / "static")
    _furnish_templates(app, settings, assets)
    return _wrap(app, settings, assets)


def _wrap(app: Flask, settings: WebSettings, assets: Assets) -> AnonymousPages:
    prefix = "__Host-" if settings.secure_cookies else ""
    pages = AnonymousPages(
        app.wsgi_app,
        private_cookies=[prefix + kind for kind in ("visit", "said", staff.SESSION_COOKIE)],
        stamp=settings.data_dir / "pages.stamp",
    )
    hosts = KnownHosts(
        Statics(pages, assets),
        names=settings.trusted_hosts,
        public_url=settings.public_url,
        strict=settings.is_production,
    )
    outer = SecureHeaders(hosts, https_only=settings.is_production)
    hops = settings.trusted_proxies
    # Host and prefix are never taken from a proxy: nginx passes the Host header on as it came.
    behind = ProxyFix(outer, x_for=hops, x_proto=hops, x_host=0, x_port=0, x_prefix=0) if hops else outer
    app.wsgi_app = behind  # type: ignore[method-assign]
    return pages


def _furnish_templates(app: Flask, settings: WebSettings, assets: Assets) -> None:
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters.update(filters.FILTERS)
    environment.filters.update(papertext.FILTERS)
    environment.globals.update(
        asset=assets.url,
        integrity=assets.integrity,
        site=site_of(settings),
        share=filters.share,
        days_range=filters.days_range,
        csrf_token=tokens.csrf_token,
    )

    @app.context_processor
    def frame() -> dict[str, Any]:
        """What the layouts need on every page."""
        policy = current_policy()
        is_staff = policy is not None and policy.audience == "staff" and "_login_user" in g
        links = _staff_links() if is_staff else []
        chosen = look.chosen(request.headers.get("Cookie", ""))
        return {
            "look": chosen,
            "look_class": look.CLASSES[chosen],
            "look_link": lambda part: _look_link(chosen, part),
            "public_links": navigation.PUBLIC,
            "public_here": navigation.current_of(navigation.PUBLIC, request.path),
            "staff_links": links,
            "staff_here": navigation.current_of(tuple(links), request.path),
            "staff": current_user.view if is_staff and current_user.is_authenticated else None,
        }


def _staff_links() -> list[navigation.Link]:
    if not current_user.is_authenticated:
        return []
    person = current_user.view
    return [
        link
        for link in navigation.STAFF
        if (not link.permissions or staff.may_open(person, link.permissions))
        and not (link.unless and staff.may_open(person, link.unless))
    ]


def _look_link(chosen: str, part: str) -> str:
    kept = [(k, v) for k, v in request.args.items(multi=True) if k != "look"] if request.method == "GET" else []
    return "?" + urlencode([*kept, ("look", look.toggled(chosen, part))])


def choose_look() -> Response | None:
    """Answer `?look=…` on any page: keep the choice in a cookie and show the page without the word."""
    wanted = request.args.get("look")
    if wanted is None or request.method != "GET":
        return None
    kept = [(k, v) for k, v in request.args.items(multi=True) if k != "look"]
    response = cast(Response, redirect(request.path + ("?" + urlencode(kept) if kept else ""), code=303))
    return keep_look(response, wanted)


def keep_look(response: Response, wanted: str) -> Response:
    """Set the cookie of the look; an unknown one changes nothing."""
    if wanted in look.LOOKS:
        response.set_cookie(look.COOKIE, wanted, max_age=look.LASTS, httponly=True, samesite="Lax", path="/")
    return response


def finish_headers(response: Response) -> Response:
    """Set what depends on who the page is for."""
    policy = current_policy()
    audience = policy.audience if policy is not None else "public"
    if policy is not None and policy.cached and response.status_code == 200:
        response.headers.setdefault("Cache-Control", "private, no-cache")
        if FLAG in request.environ and "Set-Cookie" not in response.headers:
            response.headers[MARK] = "1"
    elif audience != "machine":
        response.headers.setdefault("Cache-Control", "no-store")
    if audience == "staff":
        response.headers["Referrer-Policy"] = "same-origin"
    return response


def compress(response: Response) -> Response:
    """Compress a text of our own making, for those who have no proxy in front that would."""
    if (
        response.status_code in {204, 304}
        or response.direct_passthrough
        or response.is_streamed
        or response.mimetype not in _TEXTS
        or "Content-Encoding" in response.headers
        or "gzip" not in request.headers.get("Accept-Encoding", "")
    ):
        return response
    body = response.get_data()
    if len(body) >= 1024:
        response.set_data(gzip.compress(body, 3, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        response.vary.add("Accept-Encoding")
    return response
