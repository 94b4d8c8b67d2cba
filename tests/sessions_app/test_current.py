"""The session that is meant when none is named."""

import pytest

from sessions_app.current import choose_session, current_session, get_active_session, switch_active_session
from sessions_app.exceptions import Ambiguous, IllegalTransition, NotFound
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from tests.factories import actor, new_session, publish_workflow, session_in, snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def lin():
    return actor("lin")


@pytest.fixture
def three(lin):
    """Three active sessions of one actor, the last of them current."""
    publish_workflow("build", "test")
    return [FlowSessionManager(lin).create_session("dev") for _each in range(3)]


def chosen(who, reference=None, **options):
    options.setdefault("environ", {})
    found = choose_session(who, reference, **options)
    return found.flow_session.pk, found.rule


def test_option_wins_over_the_environment_and_that_over_the_switch(lin, three):
    first, second, third = (row.pk for row in three)
    assert chosen(lin, first, environ={"VCFLOW_SESSION": second}) == (first, "option")
    assert chosen(lin, environ={"VCFLOW_SESSION": second}) == (second, "environment")
    assert chosen(lin, environ={"VCFLOW_SESSION": ""}) == (third, "switched")


def test_environment_of_the_process_is_read(lin, three, monkeypatch):
    monkeypatch.setenv("VCFLOW_SESSION", three[0].pk)
    assert choose_session(lin).rule == "environment"


def test_only_active_session_is_meant_when_none_is_current(lin, three):
    first, _second, third = three
    FlowSessionManager(lin).abort_session(third.pk)
    FlowSessionManager(lin).pause_session(first.pk)
    assert chosen(lin) == (three[1].pk, "only-active")


def test_several_active_sessions_are_refused_with_the_candidates(lin, three):
    FlowSessionManager(lin).abort_session(three[2].pk)
    with pytest.raises(Ambiguous) as caught:
        get_active_session(lin, environ={})
    assert caught.value.exit_status == 6
    assert {each["id"] for each in caught.value.details["candidates"]} == {three[0].pk, three[1].pk}


def test_chooser_is_asked_when_several_are_active(lin, three):
    FlowSessionManager(lin).abort_session(three[2].pk)
    asked = []

    def first(candidates):
        asked.extend(candidates)
        return candidates[0]

    flow_session = get_active_session(lin, environ={}, chooser=first)
    assert flow_session in three[:2]
    assert len(asked) == 2


def test_no_session_is_not_found(lin):
    new_session()  # somebody else's
    with pytest.raises(NotFound) as caught:
        get_active_session(lin, environ={})
    assert caught.value.code == "no-active-session"


def test_local_user_is_meant_when_no_actor_is_given():
    made = new_session()
    assert get_active_session(environ={}) == made


@pytest.mark.parametrize("verb", ["pause", "fail"])
def test_current_session_stays_so_while_it_is_open(lin, three, verb):
    getattr(FlowSessionManager(lin), f"{verb}_session")(three[2].pk, reason="so")
    assert current_session(lin) == three[2]


@pytest.mark.parametrize(("verb", "options"), [("abort", {}), ("complete", {"force": True, "reason": "so"})])
def test_current_session_is_given_up_by_everybody_when_it_ends(lin, three, verb, options):
    wei = actor("wei")
    switch_active_session(three[2].pk, wei)
    getattr(FlowSessionManager(lin), f"{verb}_session")(three[2].pk, **options)
    assert current_session(lin) is current_session(wei) is None


def test_deletion_gives_the_current_session_up(lin, three):
    FlowSessionManager(lin).delete_session(three[2].pk)
    assert current_session(lin) is None


def test_switching_is_per_actor_and_writes_no_event(lin, three):
    wei = actor("wei")
    switch_active_session(three[0].pk, wei)
    assert (current_session(wei), current_session(lin)) == (three[0], three[2])
    assert FlowSession.objects.get(pk=three[0].pk).version == 1
    before = snapshot()
    switch_active_session(three[0].pk, wei)
    assert snapshot() == before


@pytest.mark.parametrize("state", ["COMPLETED", "ABORTED"])
def test_switching_to_an_ended_session_is_refused(state):
    with pytest.raises(IllegalTransition):
        switch_active_session(session_in(state).pk)


def test_switching_to_an_unknown_session_is_not_found():
    with pytest.raises(NotFound):
        switch_active_session("nothing")


def test_running_makes_a_session_the_actors_current_one(lin, three):
    StageInstanceManager(lin).run_stage(three[0].pk, "build")
    assert current_session(lin) == three[0]
