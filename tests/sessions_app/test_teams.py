"""Whose a session is: made in a team, handed over, and what a token's bounds leave of it; who defines workflows."""

import pytest

from sessions_app import access
from sessions_app.actors import Grant, local_actor
from sessions_app.exceptions import Conflict, InvalidInput, NotAllowed, NotFound
from sessions_app.models import FlowSession
from sessions_app.permissions import GENERAL_ACTIONS, SCOPES
from sessions_app.publishing import delete_workflow, get_workflow, publish, publish_all, retire
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from tests.factories import (
    actor,
    assert_consistent,
    definition,
    events_of,
    in_team,
    new_session,
    permission,
    person,
    publish_workflow,
    snapshot,
    team,
    user,
)

pytestmark = pytest.mark.django_db

EVERYTHING = frozenset(SCOPES)


def as_mei(**options):
    return FlowSessionManager(person("mei", **options))


def test_session_is_made_in_a_team_by_its_operators():
    made = as_mei(operates=["platform"]).create_session(publish_workflow(), team="platform")
    assert (made.team.name, made.owner.username) == ("platform", "mei")
    assert events_of(made)[0].changes["team"] == {"before": None, "after": "platform"}
    assert_consistent(made.pk)


def test_session_without_a_team_is_made_by_everybody():
    made = as_mei().create_session(publish_workflow())
    assert made.team is None
    assert "team" not in events_of(made)[0].changes


def test_viewer_makes_no_session_in_their_team():
    publish_workflow()
    before = as_mei(watches=["platform"])
    with pytest.raises(NotAllowed) as caught:
        before.create_session("dev", team="platform")
    assert "operate_sessions" in caught.value.fix
    assert not FlowSession.objects.exists()


@pytest.mark.parametrize("name", ["platform", "nowhere", "", "\x00", 5])
def test_team_that_one_is_not_in_is_none(name):
    """It reads like one that isn't there."""
    publish_workflow()
    team("platform")
    with pytest.raises(NotFound) as caught:
        as_mei().create_session("dev", team=name)
    assert (caught.value.message, caught.value.details["kind"]) == (f"There is no team {name or repr('')}.", "team")
    assert not FlowSession.objects.exists()


def test_administrator_uses_any_team_that_is_there():
    publish_workflow()
    team("platform")
    assert FlowSessionManager().create_session("dev", team="platform").team.name == "platform"
    root = FlowSessionManager(person("root", is_superuser=True))
    assert root.create_session("dev", team="platform").team.name == "platform"
    with pytest.raises(NotFound):
        root.create_session("dev", team="nowhere")


def test_token_of_a_team_makes_sessions_in_that_team_alone():
    publish_workflow()
    user("mei", operates=["platform", "other"])
    bound = Grant("ci", EVERYTHING, team_id=team("platform").pk)
    assert as_mei(grant=bound).create_session("dev").team.name == "platform"
    assert as_mei(grant=bound).create_session("dev", team="platform").team.name == "platform"
    with pytest.raises(NotAllowed) as caught:
        as_mei(grant=bound).create_session("dev", team="other")
    assert caught.value.code == "outside-token"
    user("mei").groups.remove(team("platform"))
    with pytest.raises(NotFound):
        as_mei(grant=bound).create_session("dev")
    team("platform")
    with pytest.raises(NotFound):
        as_mei(grant=Grant("ci", EVERYTHING, team_id=10_000)).create_session("dev")


def test_token_of_a_workflow_makes_its_sessions_alone():
    publish_workflow()
    publish_workflow(id="docs")
    bound = Grant("ci", EVERYTHING, workflow_id="docs")
    assert as_mei(grant=bound).create_session("docs").workflow_id == "docs"
    with pytest.raises(NotAllowed) as caught:
        as_mei(grant=bound).create_session("dev")
    assert caught.value.code == "outside-token"
    with pytest.raises(NotAllowed):
        StageInstanceManager(person("mei", grant=bound)).run_in_new_session("dev", "build")


def test_session_is_not_made_without_the_scope():
    publish_workflow()
    with pytest.raises(NotAllowed) as caught:
        as_mei(grant=Grant("ci", EVERYTHING - {"work"})).create_session("dev")
    assert caught.value.code == "missing-scope"
    assert as_mei(grant=Grant("ci", frozenset({"work"}))).create_session("dev")


def test_session_is_handed_over_with_names_in_the_log():
    user("mei", operates=["platform"])
    team("other")
    flow_session = new_session()
    manager = FlowSessionManager()
    moved = manager.update_session(flow_session.pk, {"owner": "mei", "team": "platform", "name": "New"})
    assert (moved.owner.username, moved.team.name, moved.name) == ("mei", "platform", "New")
    changes = events_of(flow_session)[-1].changes
    assert changes["owner"] == {"before": "local", "after": "mei"}
    assert changes["team"] == {"before": None, "after": "platform"}
    assert "owner_id" not in changes
    assert_consistent(flow_session.pk)
    manager.update_session(flow_session.pk, {"owner": "mei", "team": "platform"})
    assert not manager.outcome.changed
    assert as_mei().update_session(flow_session.pk, {"team": None}).team is None


def test_session_that_ended_is_handed_over_but_not_renamed():
    team("platform")
    flow_session = new_session()
    manager = FlowSessionManager()
    manager.abort_session(flow_session.pk)
    assert manager.update_session(flow_session.pk, {"team": "platform"}).team.name == "platform"
    with pytest.raises(Conflict):
        manager.update_session(flow_session.pk, {"team": None, "name": "New"})
    assert_consistent(flow_session.pk)


def test_operator_hands_nothing_over():
    flow_session = in_team(new_session(), "platform")
    mei = as_mei(operates=["platform"])
    before = snapshot()
    for data in ({"owner": "mei"}, {"team": None}, {"name": "New", "owner": "mei"}):
        with pytest.raises(NotAllowed) as caught:
            mei.update_session(flow_session.pk, data)
        assert caught.value.details["needs_role"] == "owner"
    assert snapshot() == before


def test_handing_over_and_saying_more_needs_both_scopes():
    lin = {"grant": Grant("ci", frozenset({"decide"}))}
    made = as_mei().create_session(publish_workflow())
    user("bo")
    with pytest.raises(NotAllowed) as caught:
        as_mei(**lin).update_session(made.pk, {"owner": "bo", "name": "New"})
    assert caught.value.details["scope"] == "work"
    assert as_mei(**lin).update_session(made.pk, {"owner": "bo"}).owner.username == "bo"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"owner": "nobody"}, NotFound),
        ({"owner": None}, NotFound),
        ({"owner": "gone"}, InvalidInput),
        ({"team": "strangers"}, NotFound),
        ({"team": "watched"}, NotAllowed),
        ({"team": 5}, NotFound),
        ({"team": "\x00"}, NotFound),
    ],
)
def test_new_owner_and_team_must_be_there(data, error):
    user("gone", is_active=False)
    team("strangers")
    made = as_mei(watches=["watched"]).create_session(publish_workflow())
    before = snapshot()
    with pytest.raises(error):
        as_mei().update_session(made.pk, data)
    assert snapshot() == before


def test_token_of_a_team_takes_no_session_out_of_it():
    user("mei", operates=["platform", "other"])
    made = as_mei().create_session(publish_workflow(), team="platform")
    bound = as_mei(grant=Grant("ci", EVERYTHING, team_id=made.team_id))
    for target in ("other", None):
        with pytest.raises(NotAllowed) as caught:
            bound.update_session(made.pk, {"team": target})
        assert caught.value.code == "outside-token"
    assert bound.update_session(made.pk, {"name": "New", "team": "platform"}).name == "New"


DEFINING = {
    "publish": lambda who: publish(who, definition("build", id="new")),
    "publish_all": lambda who: publish_all(who, [definition("build", id="new")]),
    "retire": lambda who: retire(who, "dev"),
    "delete": lambda who: delete_workflow(who, "dev"),
}


@pytest.mark.parametrize("do", DEFINING.values(), ids=DEFINING)
def test_defining_needs_the_permission_and_the_scope(do):
    publish_workflow()
    before = snapshot()
    with pytest.raises(NotAllowed) as caught:
        do(person("mei", operates=["platform"]))
    assert "define_workflows" in caught.value.fix
    for who in (
        person("root", is_superuser=True, grant=Grant("ci", EVERYTHING - {"define"})),
        person("mei", grant=Grant("ci", EVERYTHING)),
    ):
        with pytest.raises(NotAllowed):
            do(who)
    after = snapshot()
    assert [row["id"] for row in after["sessions_app.WorkflowDefinition"]] == ["dev"]
    assert after["sessions_app.WorkflowVersion"] == before["sessions_app.WorkflowVersion"]
    do(person("root", is_superuser=True, grant=Grant("ci", frozenset({"define"}))))


@pytest.mark.parametrize("holder", ["user", "group"])
def test_permission_to_define_is_given_to_users_and_groups(holder):
    mei = user("mei", watches=["platform"])
    owner = mei.user_permissions if holder == "user" else team("platform").permissions
    owner.add(permission("define_workflows"))
    assert publish(person("mei"), definition("build")).created


def test_how_many_sessions_a_workflow_has_is_told_to_administrators_alone():
    new_session()
    new_session()
    user("mei").user_permissions.add(permission("define_workflows"))
    with pytest.raises(Conflict) as caught:
        delete_workflow(person("mei"), "dev")
    assert caught.value.message == "The workflow dev has sessions."
    with pytest.raises(Conflict) as caught:
        delete_workflow(local_actor(), "dev")
    assert "2" in caught.value.message
    assert get_workflow("dev")


@pytest.mark.parametrize("action", GENERAL_ACTIONS)
def test_general_action_needs_its_scope_and_no_other(action):
    scope = GENERAL_ACTIONS[action].scope
    access.require_general(actor("lin"), action)
    access.require_general(person("root", is_superuser=True, grant=Grant("ci", frozenset({scope}))), action)
    with pytest.raises(NotAllowed) as caught:
        access.require_general(person("root", grant=Grant("ci", EVERYTHING - {scope})), action)
    assert (caught.value.code, caught.value.details["scope"]) == ("missing-scope", scope)
