"""The table of session verbs in full: every verb in every state."""

import pytest

from sessions_app.exceptions import IllegalTransition, InvalidInput, NotFound
from sessions_app.machine import SESSION_RULES, allowed_verbs
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from sessions_app.states import Level, SessionStatus
from tests.factories import assert_consistent, events_of, new_session, session_in, snapshot

pytestmark = pytest.mark.django_db

STATES = list(SessionStatus.values)

# Written down from the contract, on purpose not read from the code's own table.
EXPECTED = {
    "start": ({"PENDING"}, "ACTIVE", Level.INFO),
    "pause": ({"ACTIVE"}, "PAUSED", Level.INFO),
    "resume": ({"PAUSED", "FAILED"}, "ACTIVE", Level.INFO),
    "complete": ({"ACTIVE"}, "COMPLETED", Level.WARNING),
    "reopen": ({"COMPLETED"}, "ACTIVE", Level.INFO),
    "fail": ({"ACTIVE", "PAUSED"}, "FAILED", Level.ERROR),
    "abort": ({"PENDING", "ACTIVE", "PAUSED", "FAILED"}, "ABORTED", Level.WARNING),
}
EVENTS = {
    "start": "session.started",
    "pause": "session.paused",
    "resume": "session.resumed",
    "complete": "session.completed",
    "reopen": "session.reopened",
    "fail": "session.failed",
    "abort": "session.aborted",
}
TABLE = [(verb, state) for verb in EXPECTED for state in STATES]


def do(verb, session_id, manager=None, **options):
    if verb == "complete":
        options.setdefault("force", True)
    options.setdefault("reason", "because")
    return getattr(manager or FlowSessionManager(), f"{verb}_session")(session_id, **options)


def test_table_has_exactly_the_verbs_of_the_contract():
    assert set(SESSION_RULES) == set(EXPECTED)
    assert {"PENDING", "ACTIVE", "PAUSED", "COMPLETED", "FAILED", "ABORTED"} == set(STATES)


@pytest.mark.parametrize(("verb", "state"), [(v, s) for v, s in TABLE if s in EXPECTED[v][0]])
def test_verb_leads_on_and_writes_its_event(verb, state):
    before = session_in(state)
    manager = FlowSessionManager()

    answered = do(verb, before.pk, manager)

    stored = FlowSession.objects.get(pk=before.pk)
    _sources, target, level = EXPECTED[verb]
    assert stored.status == answered.status == target
    event = events_of(before)[-1]
    assert (event.type, event.level, event.reason, event.cause) == (EVENTS[verb], level, "because", None)
    assert (event.actor, event.door) == ("local", "python")
    assert event.changes["status"] == {"before": state, "after": target}
    assert manager.outcome.changed
    assert manager.outcome.version == stored.version == before.version + 1
    assert stored.updated_at == event.created_at
    assert_consistent(before.pk)


@pytest.mark.parametrize(("verb", "state"), [(v, s) for v, s in TABLE if s == EXPECTED[v][1]])
def test_verb_whose_result_holds_changes_nothing(verb, state):
    flow_session = session_in(state)
    before = snapshot()
    manager = FlowSessionManager()

    answered = do(verb, flow_session.pk, manager, reason="")

    assert snapshot() == before
    assert answered.status == state
    assert not manager.outcome.changed
    assert manager.outcome.version == flow_session.version


@pytest.mark.parametrize(("verb", "state"), [(v, s) for v, s in TABLE if s not in EXPECTED[v][0] | {EXPECTED[v][1]}])
def test_verb_from_a_wrong_state_is_refused_with_the_allowed_ones(verb, state):
    flow_session = session_in(state)
    before = snapshot()

    with pytest.raises(IllegalTransition) as caught:
        do(verb, flow_session.pk)

    allowed = [v for v in EXPECTED if state in EXPECTED[v][0]]
    assert caught.value.details == {
        "kind": "session",
        "session_id": flow_session.pk,
        "status": state,
        "verb": verb,
        "allowed_actions": allowed,
    }
    assert (", ".join(allowed) or "it has ended") in caught.value.fix
    assert caught.value.exit_status == 5
    assert snapshot() == before


@pytest.mark.parametrize("verb", EXPECTED)
def test_verb_on_an_unknown_session_is_not_found(verb):
    with pytest.raises(NotFound) as caught:
        do(verb, "dev-nothing-2222")
    assert caught.value.details["reference"] == "dev-nothing-2222"


@pytest.mark.parametrize(("verb", "state"), [("reopen", "COMPLETED"), ("fail", "ACTIVE"), ("fail", "PAUSED")])
@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_verb_that_must_say_why_is_refused_without_a_reason(verb, state, reason):
    flow_session = session_in(state)
    before = snapshot()
    with pytest.raises(InvalidInput) as caught:
        do(verb, flow_session.pk, reason=reason)
    assert caught.value.code == "reason-required"
    assert snapshot() == before


@pytest.mark.parametrize(("verb", "state"), [("start", "PENDING"), ("pause", "ACTIVE"), ("abort", "ACTIVE")])
def test_verb_without_a_needed_reason_does_without(verb, state):
    flow_session = session_in(state)
    do(verb, flow_session.pk, reason="")
    assert events_of(flow_session)[-1].reason == ""


def test_forced_completion_needs_a_reason():
    flow_session = new_session()
    with pytest.raises(InvalidInput) as caught:
        FlowSessionManager().complete_session(flow_session.pk, force=True)
    assert caught.value.code == "reason-required"


@pytest.mark.parametrize("state", STATES)
def test_allowed_verbs_are_those_that_lead_on(state):
    assert allowed_verbs(SESSION_RULES, state) == [v for v in EXPECTED if state in EXPECTED[v][0]]
