"""Every status that can be asked for, in every state, from Python, by REST and on the command line."""

from __future__ import annotations

import json

import pytest

from sessions_app.exceptions import FlowError, IllegalTransition, InvalidInput, NotAllowed, NotFound, PreconditionFailed
from sessions_app.machine import SESSION_RULES
from sessions_app.models import FlowSession
from sessions_app.permissions import DECIDE, READ, WORK
from sessions_app.services import FlowSessionManager
from sessions_app.states import SessionStatus
from sessions_app.tokens import create_token
from status_bridge import steering
from status_bridge.cli.status_parser import STATUSES as TYPED
from status_bridge.mapping import SESSION_STATUS_MAPPING, STATUS_SESSION_MAPPING
from status_bridge.models import EntryStatus, StatusEntry
from status_bridge.steering import StatusManager, allowed_statuses
from tests.api.conftest import assert_problem, client_for
from tests.cli.conftest import play
from tests.cli.conftest import run as run
from tests.factories import assert_entry_tells, event_types, in_team, person, session_in, snapshot, user
from tests.status_bridge.steering_table import CELLS, CODES, EVENTS, EXITS, HTTP, STATUSES, TABLE, Cell, in_full
from vcflow_site import stamp

pytestmark = pytest.mark.django_db


def by(cell: Cell) -> str:
    return cell.name


@pytest.fixture(autouse=True)
def _ready(settings, db):
    settings.VCFLOW_API_RATE = None
    stamp.mark_complete()
    user("root", is_superuser=True)


def ask_python(session_id, status, **given):
    manager = StatusManager()
    try:
        manager.request_status(f"flow-{session_id}", status, **given)
    except FlowError as error:
        return error.code
    return manager.outcome.changed


def ask_rest(session_id, status, **given):
    client = client_for(user("root", is_superuser=True))
    answer = client.patch(f"/api/v1/status/flow-{session_id}/", {"status": status, **given}, format="json")
    body = answer.json()
    if answer.status_code == 200:
        assert body["entry"]["status"] == status
        assert body["entry"]["version"] == body["version"] == body["session"]["version"]
        assert answer.headers["ETag"] == f'"{body["version"]}"'
        return body["changed"]
    assert answer.status_code == HTTP[next(key for key, code in CODES.items() if code == body["code"])]
    return body["code"]


def ask_cli(session_id, status, **given):
    options = [
        *(["--reason", given["reason"]] if "reason" in given else []),
        *(["--force"] if "force" in given else []),
    ]
    result = play("flow", "status", session_id, "--set", status, *options, "--json")
    if result.status == 0:
        assert result.data["entry"]["status"] == status
        return result.data["changed"]
    code = result.diagnostic["code"]
    assert result.status == EXITS[next(key for key, known in CODES.items() if known == code)]
    return code


DOORS = {"python": ask_python, "rest": ask_rest, "cli": ask_cli}


def test_the_table_covers_everything():
    assert set(TABLE) == set(SessionStatus.values)
    assert set(STATUSES) == set(EntryStatus.values) == set(SESSION_STATUS_MAPPING.values()) == set(TYPED)
    assert len(CELLS) == 36
    assert {cell.verb for cell in CELLS} - {""} == set(SESSION_RULES)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("cell", CELLS, ids=by)
def test_cell_is_true(cell, door):
    flow_session = session_in(cell.state)
    before = snapshot()
    answer = DOORS[door](flow_session.pk, cell.status)
    if cell.refusal:
        assert answer == CODES[cell.refusal]
        after = snapshot()
        assert [label for label in before if before[label] != after[label] and label != "auth.User"] == []
    if cell.refusal in ("open", "why"):
        answer = DOORS[door](flow_session.pk, cell.status, **in_full(cell))
    if cell.verb:
        assert answer is True
        assert EVENTS[cell.verb] in event_types(flow_session)[flow_session.version :]
    elif not cell.refusal:
        assert answer is False
        assert len(event_types(flow_session)) == flow_session.version
    stored = FlowSession.objects.get(pk=flow_session.pk)
    assert stored.status == (SESSION_RULES[cell.verb].target if cell.verb else flow_session.status)
    assert_entry_tells(stored)


@pytest.mark.parametrize("cell", CELLS, ids=by)
def test_what_is_offered_is_what_is_possible(cell):
    offered = allowed_statuses(person("root", is_superuser=True), session_in(cell.state))
    assert (cell.status in offered) == bool(cell.verb)


def test_a_refusal_names_what_is_possible(run):
    flow_session = session_in("COMPLETED")
    with pytest.raises(IllegalTransition) as caught:
        StatusManager().request_status(f"flow-{flow_session.pk}", "ON_HOLD")
    assert caught.value.details == {
        "kind": "status-entry",
        "session_id": flow_session.pk,
        "status": "COMPLETED",
        "allowed_statuses": ["IN_PROGRESS"],
    }
    told = run("flow", "status", flow_session.pk, "--set", "ON_HOLD").err
    assert f"vc flow status {flow_session.pk} --set IN_PROGRESS --reason" in told


@pytest.mark.parametrize("status", ["", "DANCING", "on_hold", "\u202eON_HOLD", "ACTIVE", None, 3])
def test_unknown_status_is_refused(status):
    flow_session = session_in("ACTIVE")
    with pytest.raises(InvalidInput) as caught:
        StatusManager().request_status(f"flow-{flow_session.pk}", status)
    assert "ON_HOLD" in caught.value.fix
    assert "\u202e" not in caught.value.message


@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS", "ON_HOLD", "FAILED", "CANCELED"])
def test_only_completing_can_be_forced(status):
    flow_session = session_in("ACTIVE")
    with pytest.raises(InvalidInput, match="forced"):
        StatusManager().request_status(f"flow-{flow_session.pk}", status, reason="so", force=True)
    assert len(event_types(flow_session)) == 1


@pytest.mark.parametrize("make", [lambda key: key, lambda key: f"flow-{key}x", lambda key: "flow-", lambda key: "\0"])
def test_unknown_entry_is_refused(make):
    flow_session = session_in("ACTIVE")
    with pytest.raises(NotFound) as caught:
        StatusManager().request_status(make(flow_session.pk), "ON_HOLD")
    assert caught.value.details["kind"] == "status-entry"


def test_a_stale_look_is_refused():
    flow_session = session_in("PAUSED")
    manager = StatusManager(expected_versions=[1])
    for status in ("IN_PROGRESS", "ON_HOLD", "PENDING"):
        with pytest.raises(PreconditionFailed):
            manager.request_status(f"flow-{flow_session.pk}", status)


def test_who_may_not_is_told_and_a_stranger_learns_nothing():
    flow_session = in_team(session_in("ACTIVE"), "platform")
    before = snapshot()
    for status in STATUSES:
        with pytest.raises(NotAllowed):
            StatusManager(person("li", watches=["platform"])).request_status(
                f"flow-{flow_session.pk}", status, reason="x"
            )
        with pytest.raises(NotFound) as caught:
            StatusManager(person("zhao")).request_status(f"flow-{flow_session.pk}", status, reason="x")
        with pytest.raises(NotFound) as unknown:
            StatusManager(person("zhao")).request_status("flow-nothing", status, reason="x")
        told = caught.value.message.replace(flow_session.pk, "nothing")
        assert told == unknown.value.message
    after = snapshot()
    assert [label for label in before if before[label] != after[label] and not label.startswith("auth")] == []


@pytest.mark.parametrize(
    ("status", "scopes", "code"),
    [
        ("COMPLETED", [READ, WORK], "missing-scope"),
        ("CANCELED", [READ, WORK], "missing-scope"),
        ("ON_HOLD", [READ, DECIDE], "missing-scope"),
        ("CANCELED", [READ, DECIDE], None),
        ("ON_HOLD", [READ, WORK], None),
    ],
)
def test_a_token_needs_the_scope_of_the_verb(status, scopes, code):
    flow_session = session_in("ACTIVE")
    client = client_for(user("root", is_superuser=True))
    client.logout()
    text = create_token(person("root"), "t", scopes=scopes)[1]
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    answer = client.patch(f"/api/v1/status/flow-{flow_session.pk}/", {"status": status}, format="json")
    if code:
        assert_problem(answer, 403, code)
        assert len(event_types(flow_session)) == 1
    else:
        assert answer.status_code == 200


def in_between(monkeypatch, act):
    """Let ``act`` happen once, after the state was looked at and before the session is locked."""
    acts = [act]
    look = steering.get_session_of

    def looked(actor, status_id):
        found = look(actor, status_id)
        if acts:
            acts.pop()()
        return found

    monkeypatch.setattr(steering, "get_session_of", looked)


@pytest.mark.parametrize(
    ("state", "meanwhile", "status", "event"),
    [
        ("ACTIVE", "pause", "IN_PROGRESS", "session.resumed"),
        ("ACTIVE", "fail", "IN_PROGRESS", "session.resumed"),
        ("PAUSED", "resume", "ON_HOLD", "session.paused"),
    ],
)
def test_a_state_that_was_left_meanwhile_is_looked_at_again(monkeypatch, state, meanwhile, status, event):
    flow_session = session_in(state)
    other = FlowSessionManager()
    in_between(monkeypatch, lambda: getattr(other, f"{meanwhile}_session")(flow_session.pk, reason="so"))
    StatusManager().request_status(f"flow-{flow_session.pk}", status)
    assert event_types(flow_session)[-1] == event


def test_what_is_reached_meanwhile_is_nothing_to_do(monkeypatch):
    flow_session = session_in("ACTIVE")
    in_between(monkeypatch, lambda: FlowSessionManager().pause_session(flow_session.pk))
    manager = StatusManager()
    manager.request_status(f"flow-{flow_session.pk}", "ON_HOLD")
    assert not manager.outcome.changed


def test_who_comes_too_late_is_refused(monkeypatch):
    flow_session = session_in("PAUSED")
    in_between(monkeypatch, lambda: FlowSessionManager().abort_session(flow_session.pk))
    with pytest.raises(IllegalTransition):
        StatusManager().request_status(f"flow-{flow_session.pk}", "IN_PROGRESS")
    assert StatusEntry.objects.get().status == "CANCELED"


def test_a_refusal_is_in_the_log(caplog):
    flow_session = session_in("COMPLETED")
    with pytest.raises(IllegalTransition):
        StatusManager(person("root", is_superuser=True)).request_status(f"flow-{flow_session.pk}", "ON_HOLD")
    [line] = [
        row for row in caplog.records if row.name == "workflow.session.integration" and row.levelname == "WARNING"
    ]
    assert line.getMessage() == (
        f"ON_HOLD refused for flow-{flow_session.pk}: illegal-transition actor=root door=python"
    )
    assert line.session_id == flow_session.pk


def test_mapping_back_is_the_mapping_turned_round():
    assert {ours: theirs for theirs, ours in STATUS_SESSION_MAPPING.items()} == SESSION_STATUS_MAPPING
    assert json.loads(json.dumps(STATUS_SESSION_MAPPING)) == STATUS_SESSION_MAPPING
