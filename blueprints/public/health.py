"""What monitors ask: alive, ready, figures."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network

from flask import Blueprint, Response, abort, current_app, request

from blueprints.web import policy
from casework import health
from models import clock

bp = Blueprint("health", __name__)
_PLAIN = {"Cache-Control": "no-store"}


@bp.get("/healthz")
@policy("machine")
def healthz() -> Response:
    """Say that this process answers."""
    return Response("ok\n", mimetype="text/plain", headers=_PLAIN)


@bp.get("/readyz")
@policy("machine")
def readyz() -> Response:
    """Say what the page of the operations says, as JSON: database, Redis, workers, sweep, disk, tasks; what the
    periodic lines found and what failed to the allowed addresses only. 503 when a part is not well."""
    told = health.report(clock.now(), detailed=_allowed(request.remote_addr))
    body = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    return Response(body, 200 if told["ready"] else 503, mimetype="application/json", headers=_PLAIN)


@bp.get("/metrics")
@policy("machine")
def metrics() -> Response:
    """Give figures to a collector at one of the allowed addresses; to others there is no such page."""
    if not _allowed(request.remote_addr):
        abort(404)
    figures = health.figures(clock.now())
    lines = [f"{name} {value:g}" for name, value in figures.items()]
    return Response("\n".join(lines) + "\n", mimetype="text/plain", headers=_PLAIN)


def _allowed(address: str | None) -> bool:
    if address is None:
        return False
    allowed = current_app.config["SETTINGS"].metrics_from
    return any(ip_address(address) in ip_network(network, strict=False) for network in allowed)
