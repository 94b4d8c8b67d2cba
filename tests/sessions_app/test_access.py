"""Who may see and do what: each method of the sessions' manager by each role and each scope, both ways."""

import pytest

from sessions_app import access, machine
from sessions_app.actors import Actor, Grant
from sessions_app.current import choose_session, current_session, get_active_session, switch_active_session
from sessions_app.exceptions import Ambiguous, FlowError, NotAllowed, NotFound, PreconditionFailed
from sessions_app.lookup import find_session, get_session, list_sessions
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.permissions import SCOPES, SESSION_ACTIONS, Role
from sessions_app.services import FlowSessionManager, get_session_progress
from tests.factories import actor, in_team, new_session, permission, person, session_in, snapshot, team, user

pytestmark = pytest.mark.django_db

TEAM = "platform"
ROLES = list(Role)

METHODS = {
    "start": ("PENDING", lambda manager, key: manager.start_session(key)),
    "pause": ("ACTIVE", lambda manager, key: manager.pause_session(key)),
    "resume": ("PAUSED", lambda manager, key: manager.resume_session(key)),
    "complete": ("ACTIVE", lambda manager, key: manager.complete_session(key)),
    "reopen": ("COMPLETED", lambda manager, key: manager.reopen_session(key, reason="a case was missed")),
    "fail": ("ACTIVE", lambda manager, key: manager.fail_session(key, reason="broken")),
    "abort": ("ACTIVE", lambda manager, key: manager.abort_session(key)),
    "note": ("ACTIVE", lambda manager, key: manager.note_session(key, "so")),
    "update": ("ACTIVE", lambda manager, key: manager.update_session(key, {"name": "New"})),
    "transfer": ("ACTIVE", lambda manager, key: manager.update_session(key, {"team": None})),
    "delete": ("ACTIVE", lambda manager, key: manager.delete_session(key)),
    "switch": ("ACTIVE", lambda manager, key: switch_active_session(key, manager.actor)),
    "read": ("ACTIVE", lambda manager, key: manager.get_session(key)),
}
"""Per action: the state it is done in, and the method that does it."""

CHANGES = [action for action in METHODS if action != "read"]


def shared(status="ACTIVE"):
    """A session in the team, which has nothing required left to do where it is to be completed."""
    return in_team(session_in(status, "build"), TEAM)


def in_role(role, flow_session, grant=None):
    """Somebody who is that to the session."""
    if role == Role.ADMIN:
        return person("root", is_superuser=True, grant=grant)
    if role == Role.OWNER:
        return Actor(flow_session.owner, "python", grant=grant)
    teams = {Role.OPERATOR: {"operates": [TEAM]}, Role.VIEWER: {"watches": [TEAM]}}
    if role == Role.VIEWER:
        team(TEAM).permissions.clear()
    return person("mei", grant=grant, **teams.get(role, {}))


def attempt(do):
    """The refusal, with all that it tells; None when there is none."""
    try:
        do()
    except FlowError as refusal:
        return type(refusal), refusal.as_dict()
    return None


def ends_well_or_by_the_state(refusal):
    return refusal is None or refusal[1]["code"] == "stages-open"


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
@pytest.mark.parametrize("action", METHODS)
def test_action_needs_its_role(action, role):
    status, do = METHODS[action]
    flow_session = shared(status)
    who = in_role(role, flow_session)
    before = snapshot()
    refusal = attempt(lambda: do(FlowSessionManager(who), flow_session.pk))
    if role >= SESSION_ACTIONS[action].role:
        assert ends_well_or_by_the_state(refusal)
        return
    assert snapshot() == before
    if role == Role.STRANGER:
        assert refusal[0] is NotFound
        return
    assert refusal[0] is NotAllowed
    assert refusal[1]["code"] == "not-allowed"
    assert refusal[1]["role"] == role.name.lower()
    assert refusal[1]["needs_role"] == SESSION_ACTIONS[action].role.name.lower()
    assert refusal[1]["fix"]


@pytest.mark.parametrize("action", CHANGES)
def test_action_needs_its_scope_and_no_other(action):
    status, do = METHODS[action]
    flow_session = shared(status)
    scope = SESSION_ACTIONS[action].scope
    others = in_role(Role.ADMIN, flow_session, Grant("ci", frozenset(SCOPES) - {scope}))
    before = snapshot()
    refusal = attempt(lambda: do(FlowSessionManager(others), flow_session.pk))
    assert (refusal[0], refusal[1]["code"], refusal[1]["scope"]) == (NotAllowed, "missing-scope", scope)
    assert snapshot() == before
    enough = in_role(Role.OWNER, flow_session, Grant("ci", frozenset({scope})))
    assert ends_well_or_by_the_state(attempt(lambda: do(FlowSessionManager(enough), flow_session.pk)))


@pytest.mark.parametrize("action", METHODS)
def test_hidden_session_is_told_from_an_unknown_one_by_nothing(action):
    status, do = METHODS[action]
    flow_session = shared(status)
    who = person("mei")
    hidden = attempt(lambda: do(FlowSessionManager(who), flow_session.pk))
    FlowSessionManager().delete_session(flow_session.pk)
    assert hidden == attempt(lambda: do(FlowSessionManager(who), flow_session.pk))
    assert hidden[1]["reference"] == flow_session.pk


@pytest.mark.parametrize("bound", ["team", "workflow"])
@pytest.mark.parametrize("role", [Role.OPERATOR, Role.OWNER, Role.ADMIN], ids=lambda role: role.name)
def test_session_beyond_a_tokens_bound_is_not_there(bound, role):
    flow_session = shared()
    elsewhere = {"team": {"team_id": team("other").pk}, "workflow": {"workflow_id": "docs"}}[bound]
    inside = {"team": {"team_id": flow_session.team_id}, "workflow": {"workflow_id": "dev"}}[bound]
    outsider = in_role(role, flow_session, Grant("ci", frozenset(SCOPES), **elsewhere))
    insider = in_role(role, flow_session, Grant("ci", frozenset(SCOPES), **inside))
    with pytest.raises(NotFound):
        FlowSessionManager(outsider).pause_session(flow_session.pk)
    assert not FlowSession.objects.visible_to(outsider).exists()
    assert list(FlowSession.objects.visible_to(insider)) == [flow_session]
    assert FlowSessionManager(insider).pause_session(flow_session.pk).status == "PAUSED"


def test_force_needs_to_be_allowed_besides():
    flow_session = shared()
    worker = in_role(Role.OWNER, flow_session, Grant("ci", frozenset({"work"})))
    agent = FlowSessionManager(in_role(Role.OWNER, flow_session, Grant("ci", frozenset({"work", "read"}))))
    with pytest.raises(NotAllowed) as caught:
        agent.complete_session(flow_session.pk, force=True, reason="enough")
    assert caught.value.details["scope"] == "decide"
    assert not access.may(worker, "force", flow_session)
    assert FlowSessionManager(in_role(Role.OWNER, flow_session)).complete_session(
        flow_session.pk, force=True, reason="enough"
    )


@pytest.mark.parametrize("state", [*machine.OPEN, *machine.ENDED])
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_allowed_actions_are_the_states_verbs_that_the_actor_may_do(state, role):
    flow_session = shared(state)
    verbs = machine.allowed_verbs(machine.SESSION_RULES, state)
    may = role >= Role.OPERATOR
    assert access.allowed_actions(in_role(role, flow_session), flow_session) == (verbs if may else [])
    worker = in_role(Role.OWNER, flow_session, Grant("ci", frozenset({"work"})))
    assert set(access.allowed_actions(worker, flow_session)) == set(verbs) - {"complete", "reopen", "abort"}
    assert access.allowed_actions(actor("lin"), flow_session) == verbs


def test_rights_are_read_once_in_two_queries(django_assert_num_queries):
    flow_session = shared()
    mei = in_role(Role.OPERATOR, flow_session)
    with django_assert_num_queries(2):
        assert access.rights_of(mei).role_on(flow_session) == Role.OPERATOR
        assert access.may(mei, "pause", flow_session)
        assert access.rights_of(mei).role_in(flow_session.team_id) == Role.OPERATOR
    trusted, root = actor("lin"), person("root", is_superuser=True)
    with django_assert_num_queries(0):
        assert access.rights_of(trusted).role_on(flow_session) == Role.ADMIN
        assert access.rights_of(root).role_in(None) == Role.ADMIN


def test_permission_given_to_a_user_counts_in_their_teams_alone():
    theirs, others = in_team(new_session(), "theirs"), in_team(new_session(), "others")
    mei = user("mei", watches=["theirs"])
    mei.user_permissions.add(permission("operate_sessions"))
    rights = access.rights_of(person("mei"))
    assert (rights.role_on(theirs), rights.role_on(others)) == (Role.OPERATOR, Role.STRANGER)


def test_owner_stays_one_without_a_team():
    flow_session = new_session()
    lin = Actor(flow_session.owner, "python")
    assert access.rights_of(lin).role_on(flow_session) == Role.OWNER
    assert access.rights_of(person("mei", operates=[TEAM])).role_on(flow_session) == Role.STRANGER


@pytest.mark.parametrize("superuser", [False, True])
def test_disabled_user_does_nothing(superuser):
    flow_session = shared()
    row = user("mei", operates=[TEAM], is_superuser=superuser)
    row.is_active = False
    mei = Actor(row, "python")
    manager = FlowSessionManager(mei)
    before = snapshot()
    for do in (
        lambda: manager.pause_session(flow_session.pk),
        lambda: manager.create_session("dev"),
        lambda: manager.list_sessions(),
        lambda: manager.get_session(flow_session.pk),
        lambda: get_active_session(mei, flow_session.pk),
        lambda: access.require_general(mei, "read-workflows"),
    ):
        with pytest.raises(NotAllowed) as caught:
            do()
        assert "disabled" in caught.value.message
    assert not access.may(mei, "read", flow_session)
    assert access.allowed_actions(mei, flow_session) == []
    assert snapshot() == before


def test_lookups_find_what_is_seen_alone():
    seen, hidden = in_team(new_session(name="Twin"), TEAM), new_session(name="Twin")
    mei = person("mei", watches=[TEAM])
    assert list(list_sessions(mei)) == [seen]
    assert find_session(mei, "Twin") == find_session(mei, "dev-") == get_session(mei, seen.pk) == seen
    assert get_session_progress(seen.pk, mei)["session_id"] == seen.pk
    for find in (find_session, get_session, lambda who, key: get_session_progress(key, who)):
        with pytest.raises(NotFound):
            find(mei, hidden.pk)
    with pytest.raises(Ambiguous):
        find_session(actor("lin"), "Twin")
    assert set(SessionEvent.objects.visible_to(mei).values_list("session_id", flat=True)) == {seen.pk}


def test_candidates_of_an_ambiguous_reference_are_seen():
    mine = [in_team(new_session(name="Twin"), TEAM).pk for _ in range(2)]
    new_session(name="Twin")
    with pytest.raises(Ambiguous) as caught:
        find_session(person("mei", watches=[TEAM]), "Twin")
    assert {row["id"] for row in caught.value.details["candidates"]} == set(mine)


def test_current_session_that_is_seen_no_more_is_not_meant():
    flow_session = shared()
    switch_active_session(flow_session.pk, person("mei", watches=[TEAM]))
    assert current_session(person("mei")) == flow_session
    user("mei").groups.clear()
    assert current_session(person("mei")) is None
    with pytest.raises(NotFound):
        choose_session(person("mei"), environ={})


@pytest.mark.parametrize("count", [1, 2, 9])
def test_head_is_the_beginning_of_what_is_seen(count):
    lin = person("lin", watches=["a", "b"])
    for name in ("a", "b", "c", None) * 3:
        made = new_session()
        if name:
            in_team(made, name)
    FlowSessionManager(lin).create_session("dev")
    for who in (lin, actor("root"), person("nobody")):
        for rows in (FlowSession.objects.visible_to(who), FlowSession.objects.visible_to(who).order_by("id")):
            assert list(rows.head(who, count)) == list(rows[:count])


def test_expected_version_is_looked_at_after_the_rights():
    flow_session = shared()
    owner = Actor(flow_session.owner, "python")
    stale, fresh = {flow_session.version - 1}, {1, flow_session.version}
    with pytest.raises(PreconditionFailed) as caught:
        FlowSessionManager(owner, expected_versions=stale).pause_session(flow_session.pk)
    assert (caught.value.code, caught.value.exit_status, caught.value.http_status) == ("stale", 5, 412)
    assert str(flow_session.version) in caught.value.message
    with pytest.raises(PreconditionFailed):
        FlowSessionManager(owner, expected_versions=()).start_session(flow_session.pk)
    with pytest.raises(NotFound):
        FlowSessionManager(person("mei"), expected_versions=stale).pause_session(flow_session.pk)
    assert FlowSessionManager(owner, expected_versions=fresh).pause_session(flow_session.pk).status == "PAUSED"
