"""Who may do what to stages: each method of their manager by each role and each scope, both ways."""

import pytest

from sessions_app.access import may
from sessions_app.actors import Actor, Grant
from sessions_app.exceptions import FlowError, NotAllowed, NotFound, PreconditionFailed
from sessions_app.permissions import SCOPES, STAGE_ACTIONS, Role
from stages_app.machine import allowed_stage_verbs
from stages_app.models import StageInstance
from stages_app.representation import seen_by, stage_json, unbegun_json
from stages_app.services import StageInstanceManager
from tests.factories import actor, in_team, new_session, person, snapshot, stage, stage_in, team

pytestmark = pytest.mark.django_db

TEAM = "platform"
ROLES = list(Role)
EVERYTHING = frozenset(SCOPES)

# The action, where the stage stands before, and the method that does it to the attempt.
METHODS = {
    "start": ("start", "PENDING", lambda manager, row: manager.start_instance(row.pk)),
    "pause": ("pause", "ACTIVE", lambda manager, row: manager.pause_instance(row.pk)),
    "resume": ("resume", "PAUSED", lambda manager, row: manager.resume_instance(row.pk)),
    "complete": ("complete", "ACTIVE", lambda manager, row: manager.complete_instance(row.pk)),
    "fail": ("fail", "ACTIVE", lambda manager, row: manager.fail_instance(row.pk)),
    "retry": ("retry", "FAILED", lambda manager, row: manager.retry_instance(row.pk)),
    "skip": ("skip", "ACTIVE", lambda manager, row: manager.skip_instance(row.pk, reason="not needed")),
    "update": ("update", "ACTIVE", lambda manager, row: manager.update_instance(row.pk, {"name": "New"})),
    "assign": ("update", "ACTIVE", lambda manager, row: manager.assign_stage(row.session_id, "build", "local")),
    "add item": ("items", "ACTIVE", lambda manager, row: manager.add_item(row.pk, "Ask them")),
    "tick": ("items", "ACTIVE", lambda manager, row: manager.complete_item(row.pk, "one")),
    "open again": ("items", "ACTIVE", lambda manager, row: manager.reopen_item(row.pk, "two")),
    "deliver": ("deliverables", "ACTIVE", lambda manager, row: manager.add_deliverables(row.pk, {"report": "x"})),
    "create": ("create", "ACTIVE", lambda manager, row: manager.create_instance(row.session_id, "test")),
    "perform": ("skip", "ACTIVE", lambda manager, row: manager.perform(row.session_id, "build", "skip", reason="no")),
    "perform unbegun": ("skip", "PAUSED", lambda m, row: m.perform(row.session_id, "test", "skip", reason="no")),
    "run": ("start", "PENDING", lambda manager, row: manager.run_stage(row.session_id, "build")),
    "run again": ("retry", "FAILED", lambda manager, row: manager.run_stage(row.session_id, "build")),
    "status": ("pause", "ACTIVE", lambda manager, row: manager.update_stage_status(row.pk, "PAUSED")),
    "get": ("read", "ACTIVE", lambda manager, row: manager.get_instance(row.pk)),
    "locate": ("read", "ACTIVE", lambda manager, row: manager.locate_instance(row.session_id, "build")),
}
CHANGES = [name for name in METHODS if METHODS[name][0] != "read"]


def standing(status):
    """A stage of a session in the team."""
    build = stage("build", items=["one?", "two?"], deliverables=["report?"])
    flow_session = in_team(new_session(build, "test"), TEAM)
    row = stage_in(status, flow_session)
    if status == "ACTIVE":
        StageInstanceManager().complete_item(row.pk, "two")
    return StageInstance.objects.get(pk=row.pk)


def in_role(role, row, grant=None):
    """Somebody who is that to the stage's session."""
    if role == Role.ADMIN:
        return person("root", is_superuser=True, grant=grant)
    if role == Role.OWNER:
        return Actor(row.session.owner, "python", grant=grant)
    teams = {Role.OPERATOR: {"operates": [TEAM]}, Role.VIEWER: {"watches": [TEAM]}}
    return person("mei", grant=grant, **teams.get(role, {}))


def attempt(do):
    """The refusal with all that it tells; None when there is none."""
    try:
        do()
    except FlowError as refusal:
        return type(refusal), refusal.as_dict()
    return None


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
@pytest.mark.parametrize("name", METHODS)
def test_method_needs_its_role(name, role):
    action, status, do = METHODS[name]
    row = standing(status)
    who = in_role(role, row)
    before = snapshot()
    refusal = attempt(lambda: do(StageInstanceManager(who), row))
    if role >= STAGE_ACTIONS[action].role:
        assert refusal is None
        return
    assert snapshot() == before
    assert refusal[0] is (NotFound if role == Role.STRANGER else NotAllowed)
    assert refusal[1]["code"] == ("not-found" if role == Role.STRANGER else "not-allowed")


@pytest.mark.parametrize("name", CHANGES)
def test_method_needs_its_scope_and_no_other(name):
    action, status, do = METHODS[name]
    row = standing(status)
    needed = {"work"} | {STAGE_ACTIONS[action].scope} if name == "status" else {STAGE_ACTIONS[action].scope}
    lacking = in_role(Role.ADMIN, row, Grant("ci", EVERYTHING - {STAGE_ACTIONS[action].scope}))
    before = snapshot()
    refusal = attempt(lambda: do(StageInstanceManager(lacking), row))
    assert (refusal[1]["code"], refusal[1]["scope"]) == ("missing-scope", STAGE_ACTIONS[action].scope)
    assert snapshot() == before
    enough = in_role(Role.OWNER, row, Grant("ci", frozenset(needed)))
    assert attempt(lambda: do(StageInstanceManager(enough), row)) is None


@pytest.mark.parametrize("name", METHODS)
def test_hidden_stage_is_told_from_an_unknown_one_by_nothing(name):
    _action, status, do = METHODS[name]
    row = standing(status)
    mei = person("mei")
    hidden = attempt(lambda: do(StageInstanceManager(mei), row))
    row.session.owner.owned_flow_sessions.all().delete()
    assert hidden == attempt(lambda: do(StageInstanceManager(mei), row))
    assert hidden[0] is NotFound


@pytest.mark.parametrize("do", [METHODS["start"][2], METHODS["run"][2]], ids=["start", "run"])
def test_forcing_needs_more_than_the_verb(do):
    row = standing("PENDING")
    worker = StageInstanceManager(in_role(Role.OWNER, row, Grant("ci", frozenset({"read", "work"}))))
    for forced in (
        lambda: worker.start_instance(row.pk, force=True, reason="now"),
        lambda: worker.run_stage(row.session_id, "build", force=True, reason="now"),
        lambda: worker.perform(row.session_id, "build", "start", force=True, reason="now"),
        lambda: worker.run_in_new_session("dev", "build", force=True, reason="now"),
    ):
        with pytest.raises(NotAllowed) as caught:
            forced()
        assert caught.value.details["scope"] == "decide"
    assert do(worker, row).status == "ACTIVE"


def test_status_that_leads_to_skipping_needs_what_skipping_needs():
    row = standing("ACTIVE")
    worker = StageInstanceManager(in_role(Role.OWNER, row, Grant("ci", frozenset({"work"}))))
    with pytest.raises(NotAllowed):
        worker.update_stage_status(row.pk, "SKIPPED", {"reason": "no"})
    assert worker.update_stage_status(row.pk, "COMPLETED").status == "COMPLETED"


def test_what_follows_from_a_verb_is_not_asked_for():
    flow_session = new_session("build")
    row = stage_in("ACTIVE", flow_session)
    agent = StageInstanceManager(Actor(flow_session.owner, "python", grant=Grant("ci", frozenset({"work"}))))
    assert agent.complete_instance(row.pk).session.status == "COMPLETED"


def test_list_has_what_is_seen_alone():
    row, hidden = standing("ACTIVE"), stage_in("ACTIVE", new_session())
    mei = StageInstanceManager(person("mei", watches=[TEAM]))
    assert list(mei.list_instances()) == [row]
    assert list(mei.list_instances(session_id=hidden.session_id)) == []
    bound = Grant("ci", EVERYTHING, team_id=team("other").pk)
    assert list(StageInstanceManager(in_role(Role.ADMIN, row, bound)).list_instances()) == []
    assert set(StageInstanceManager().list_instances()) == {row, hidden}


def allowed_stage_actions(who, row):
    return seen_by(who, row.session, stage_json(row))["allowed_actions"]


def allowed_unbegun_actions(who, flow_session):
    unbegun = flow_session.published.definition.stages[0]
    return seen_by(who, flow_session, unbegun_json(flow_session, unbegun))["allowed_actions"]


@pytest.mark.parametrize("status", ["PENDING", "ACTIVE", "PAUSED", "COMPLETED", "FAILED", "SKIPPED"])
def test_allowed_actions_are_the_states_verbs_that_the_actor_may_do(status):
    row = standing(status)
    verbs = allowed_stage_verbs(status)
    assert allowed_stage_actions(actor("lin"), row) == allowed_stage_actions(in_role(Role.OPERATOR, row), row) == verbs
    agent = in_role(Role.OWNER, row, Grant("ci", frozenset({"work"})))
    assert allowed_stage_actions(agent, row) == [verb for verb in verbs if verb != "skip"]
    assert allowed_unbegun_actions(agent, row.session) == ["start"]
    assert allowed_unbegun_actions(actor("lin"), row.session) == ["start", "skip"]
    assert allowed_stage_actions(person("bo"), row) == []
    assert not may(person("bo"), STAGE_ACTIONS["items"], row.session)


def test_stale_version_is_refused_for_stages_too():
    row = standing("ACTIVE")
    lin = in_role(Role.OWNER, row)
    with pytest.raises(PreconditionFailed):
        StageInstanceManager(lin, expected_versions={1}).pause_instance(row.pk)
    with pytest.raises(PreconditionFailed):
        StageInstanceManager(lin, expected_versions={1}).perform(row.session_id, "build", "pause")
    assert StageInstanceManager(lin, expected_versions={row.session.version}).pause_instance(row.pk)
