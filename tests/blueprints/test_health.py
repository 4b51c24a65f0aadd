"""Alive, ready, figures: what monitors are told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casework import alive, tasks
from models import clock
from models.base import writing


@pytest.fixture
def well(context: Flask) -> Flask:
    """A portal whose workers have just said that they are alive."""
    for part in (*alive.PARTS, alive.line(alive.SWEEP)):
        alive.beat(part, {}, clock.now())
    return context


def test_a_portal_without_workers_is_alive_but_not_ready(context: Flask, client: FlaskClient) -> None:
    assert client.get("/healthz").text == "ok\n"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["ready"] is False
    assert answer.json["parts"]["worker.default"] == {"well": False, "note": "never seen"}


def test_with_database_redis_and_workers_it_is_ready(well: Flask, client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.json is not None
    assert (answer.status_code, answer.json["ready"]) == (200, True)
    assert {"database", "redis", "worker.default", "sweep", "disk", "tasks"} <= set(answer.json["parts"])


def test_a_task_that_waits_too_long_is_named(well: Flask, client: FlaskClient) -> None:
    long_ago = clock.now() - timedelta(minutes=20)
    with writing() as session:
        tasks.add(session, [tasks.row(tasks.MESSAGE_SEND, {"message_id": 1}, "m1", long_ago)])
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["parts"]["tasks"]["note"].startswith("1 due")
    assert answer.json["tasks"]["message.send"]["due"] == 1


def test_a_sweep_that_stands_still_for_five_minutes_is_named(well: Flask, client: FlaskClient) -> None:
    alive.beat(alive.line(alive.SWEEP), {"spoken": 3}, clock.now() - timedelta(minutes=6))
    answer = client.get("/readyz")
    assert answer.json is not None
    assert (answer.status_code, answer.json["parts"]["sweep"]["well"]) == (503, False)
    assert answer.json["periodic"]["terms"]["found"] == {"spoken": 3}


def test_strangers_learn_only_what_is_well_and_what_is_not(well: Flask, client: FlaskClient) -> None:
    away = client.get("/readyz", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert away.json is not None
    assert away.json.keys() == {"ready", "at", "parts"}


def test_figures_are_for_the_allowed_addresses_only(well: Flask, client: FlaskClient) -> None:
    here = client.get("/metrics")
    away = client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert 'portal_up{part="redis"} 1' in here.text
    assert away.status_code == 404


def test_the_feed_is_well_formed_and_names_itself(client: FlaskClient) -> None:
    import xml.etree.ElementTree as ET

    answer = client.get("/board/feed.atom")
    assert answer.content_type.startswith("application/atom+xml")
    assert ET.fromstring(answer.data).tag == "{http://www.w3.org/2005/Atom}feed"  # noqa: S314  (our own text)
