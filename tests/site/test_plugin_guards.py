"""How plugins and plain receivers are asked and told, within this process: what breaks refuses, or harms nobody."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError

from sessions_app.exceptions import GuardUnmet, StorageFailed
from sessions_app.machine import SESSION_RULES
from sessions_app.services import FlowSessionManager
from sessions_app.signals import transition_requested
from stages_app.machine import STAGE_RULES, UNBEGUN_VERBS, WITH_SESSION_ONLY
from stages_app.services import StageInstanceManager
from tests.factories import new_session, session_in, snapshot, stage_in
from tests.site.plugin_packages import GUARD, LISTENER, Load, install

pytestmark = pytest.mark.django_db


def strict(load: Load, folder: Path, body: str) -> None:
    """A guard called ``strict`` is asked from now on."""
    install(folder, "one", {"one.py": GUARD.format(body=body)}, guards={"strict": "one"})
    assert load()["strict 1.0 (one)"].state == "active"


BROKEN = "1 / 0"
REFUSING = "from sessions_app.exceptions import GuardUnmet; raise GuardUnmet('not now', code='not-now')"
SESSION_VERBS = [(verb, state) for verb, rule in SESSION_RULES.items() for state in rule.sources]
STAGE_VERBS = [
    *((verb, state) for verb, rule in STAGE_RULES.items() if verb not in WITH_SESSION_ONLY for state in rule.sources),
    *((verb, None) for verb in UNBEGUN_VERBS),
]


@pytest.mark.parametrize(("body", "code"), [(REFUSING, "not-now"), (BROKEN, "guard-broken")])
@pytest.mark.parametrize(("verb", "state"), SESSION_VERBS)
def test_guard_refuses_every_verb_of_a_session(
    load: Load, tmp_path: Path, verb: str, state: str, body: str, code: str
) -> None:
    flow_session = session_in(state)
    before = snapshot()
    strict(load, tmp_path, body)
    options: dict[str, Any] = {"force": True} if verb == "complete" else {}
    with pytest.raises(GuardUnmet) as caught:
        getattr(FlowSessionManager(), f"{verb}_session")(flow_session.pk, reason="because", **options)
    assert (caught.value.code, caught.value.details["plugin"]) == (code, "strict")
    assert snapshot() == before


@pytest.mark.parametrize(("body", "code"), [(REFUSING, "not-now"), (BROKEN, "guard-broken")])
@pytest.mark.parametrize(("verb", "state"), STAGE_VERBS)
def test_guard_refuses_every_verb_of_a_stage(
    load: Load, tmp_path: Path, verb: str, state: str | None, body: str, code: str
) -> None:
    flow_session = new_session("build", "test")
    stage_in(state, flow_session)
    before = snapshot()
    strict(load, tmp_path, body)
    options: dict[str, Any] = {"force": True} if verb == "complete" else {}
    with pytest.raises(GuardUnmet) as caught:
        StageInstanceManager().perform(flow_session.pk, "build", verb, reason="because", **options)
    assert (caught.value.code, caught.value.details["plugin"]) == (code, "strict")
    assert snapshot() == before


def test_guard_is_asked_for_what_follows_from_a_verb(load: Load, tmp_path: Path) -> None:
    flow_session = new_session("build", "test")
    stage_in("ACTIVE", flow_session)
    before = snapshot()
    strict(load, tmp_path, "if type(subject).__name__ == 'StageInstance': 1 / 0")
    with pytest.raises(GuardUnmet):
        FlowSessionManager().pause_session(flow_session.pk)
    assert snapshot() == before


def test_error_of_the_database_in_a_guard_stays_one(load: Load, tmp_path: Path) -> None:
    flow_session = new_session("build", "test")
    before = snapshot()
    strict(load, tmp_path, "from django.db import connection; connection.cursor().execute('SELECT * FROM not_there')")
    with pytest.raises(StorageFailed, match="not_there"):
        FlowSessionManager().pause_session(flow_session.pk)
    assert snapshot() == before


def test_wrapper_of_one_guard_does_not_silence_another(load: Load, tmp_path: Path) -> None:
    flow_session = new_session("build", "test")
    quiet = """
        from vcflow_site.plugin_hooks import hookimpl

        @hookimpl(wrapper=True)
        def vcflow_guard():
            try:
                return (yield)
            except Exception:
                return []
    """
    install(tmp_path, "quiet", {"quiet.py": quiet}, guards={"a": "quiet", "z": "quiet"})
    strict(load, tmp_path, REFUSING)
    with pytest.raises(GuardUnmet, match="not now"):
        FlowSessionManager().pause_session(flow_session.pk)


def test_listeners_are_told_whatever_others_make_of_it(load: Load, tmp_path: Path) -> None:
    flow_session = new_session("build", "test")
    listening = "import tests.site.test_plugin_guards as t; t.HEARD.append((__name__, event.type))"
    bodies = {"a": "raise RuntimeError", "b": listening, "c": "raise SystemExit", "d": listening}
    files = {f"listener_{name}.py": LISTENER.format(body=body) for name, body in bodies.items()}
    install(tmp_path, "many", files, plugins={name: f"listener_{name}" for name in bodies})
    load()
    HEARD.clear()
    FlowSessionManager().pause_session(flow_session.pk)
    assert HEARD == [("listener_b", "session.paused"), ("listener_d", "session.paused")]


HEARD: list[tuple[str, str]] = []


@pytest.fixture
def receiving() -> Iterator[Callable[[Callable[..., Any]], None]]:
    """Connects plain receivers of ``transition_requested`` for the length of a test."""
    connected: list[Callable[..., Any]] = []

    def connect(receiver: Callable[..., Any]) -> None:
        transition_requested.connect(receiver, weak=False)
        connected.append(receiver)

    yield connect
    for receiver in connected:
        transition_requested.disconnect(receiver)


def failing(**_arguments: Any) -> None:
    deeper()


def deeper() -> None:
    raise KeyError("x")


def without_arguments() -> None:
    raise AssertionError("can't be called")


def ending(**_arguments: Any) -> None:
    raise SystemExit(0)


@pytest.mark.parametrize(
    ("receiver", "module"),
    [(failing, __name__), (ending, __name__), (without_arguments, "django.dispatch.dispatcher")],
)
def test_plain_receiver_that_breaks_refuses_and_its_module_is_named(
    receiving: Callable[..., None], caplog: pytest.LogCaptureFixture, receiver: Callable[..., None], module: str
) -> None:
    flow_session = new_session("build", "test")
    before = snapshot()
    receiving(receiver)
    logger = logging.getLogger("vcflow")
    logger.addHandler(caplog.handler)
    with pytest.raises(GuardUnmet) as caught:
        FlowSessionManager().pause_session(flow_session.pk)
    logger.removeHandler(caplog.handler)
    assert (caught.value.code, caught.value.details) == ("guard-broken", {"module": module})
    assert f"in {receiver.__name__}" in caplog.text or f"{receiver.__name__}()" in caplog.text
    with pytest.raises(GuardUnmet):
        StageInstanceManager().run_stage(flow_session.pk, "build")
    assert snapshot() == before


def test_error_of_the_database_in_a_plain_receiver_stays_one(receiving: Callable[..., None]) -> None:
    flow_session = new_session("build", "test")

    def locked(**_arguments: Any) -> None:
        raise DatabaseError("gone")

    receiving(locked)
    with pytest.raises(StorageFailed, match="gone"):
        FlowSessionManager().pause_session(flow_session.pk)
