"""A session as it was, on the command line and in the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.exceptions import InvalidInput, StorageFailed
from sessions_app.history import after_event, at_time
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.representation import session_detail_json
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from stages_app.then import then_json
from tests.cli.conftest import play
from tests.factories import events_of, new_session, stage
from vcflow_site import stamp

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _set_up(db):
    stamp.mark_complete()


STAGES = (stage("build", items=["one", "two?"], deliverables=["report?"], timeout=60), stage("test", items=["run"]))


def lived():
    """A session and, by the number of its last event, what it showed then."""
    sessions, stages, savepoints = FlowSessionManager(), StageInstanceManager(), SavepointManager()
    made = new_session(*STAGES, name="Login").pk
    shown = {}

    def look():
        row = FlowSession.objects.get(pk=made)
        told = session_detail_json(row)
        del told["status_entry"]
        shown[row.version] = told

    look()
    for step in (
        lambda: sessions.update_session(made, {"context": {"password": "hunter2", "branch": "main"}, "tags": ["a"]}),
        lambda: stages.run_stage(made, "build"),
        lambda: stages.complete_item(f"{made}.build.1", "one"),
        lambda: stages.add_item(f"{made}.build.1", "three", required=False),
        lambda: stages.fail_instance(f"{made}.build.1", reason="red"),
        lambda: stages.retry_instance(f"{made}.build.1"),
        lambda: savepoints.create_savepoint(made),
        lambda: sessions.pause_session(made, reason="lunch"),
        lambda: sessions.resume_session(made),
        lambda: stages.perform(made, "build", "skip", reason="not needed"),
        lambda: sessions.abort_session(made),
        lambda: savepoints.restore_savepoint(savepoints.list_savepoints(made).get(kind="MANUAL").pk),
    ):
        step()
        look()
    return made, shown


def as_then(told):
    """What a session showed, as it is told of the past."""
    past = {**told, "allowed_actions": [], "stages": [dict(stage) for stage in told["stages"]]}
    for each in past["stages"]:
        each["allowed_actions"] = []
        each["earlier_attempts"] = [{**earlier, "allowed_actions": []} for earlier in each["earlier_attempts"]]
    return past


def test_session_then_is_what_was_shown_then():
    session_id, shown = lived()
    row = FlowSession.objects.get(pk=session_id)
    assert len(shown) > 10
    for seq, told in shown.items():
        then = then_json(row, after_event(row, seq))
        assert then.pop("as_of")["seq"] == seq
        assert then == as_then(told), seq
    assert "hunter2" not in str(shown)


def test_time_is_that_of_the_last_event_until_then():
    session_id, _shown = lived()
    row, events = FlowSession.objects.get(pk=session_id), events_of(session_id)
    assert at_time(row, events[3].created_at).last.seq >= 4
    assert at_time(row, timezone.now() + timedelta(days=1)).last.seq == row.version
    with pytest.raises(InvalidInput, match="wasn't there") as refused:
        at_time(row, events[0].created_at - timedelta(seconds=1))
    assert row.created_at.isoformat() in refused.value.fix


@pytest.mark.parametrize("seq", [0, -1, 10**9])
def test_number_that_is_none_is_refused_with_the_range(seq):
    row = new_session("build")
    with pytest.raises(InvalidInput, match="no event") as refused:
        after_event(row, seq)
    assert "1 to 1" in refused.value.fix


def test_log_that_lacks_events_is_refused_and_the_doctor_named():
    row = new_session("build")
    FlowSessionManager().note_session(row.pk, "seen")
    row.refresh_from_db()
    SessionEvent.objects.filter(session=row, seq=2).delete()
    with pytest.raises(StorageFailed) as refused:
        after_event(row, 2)
    assert f"doctor --session {row.pk}" in refused.value.fix


def test_show_at_tells_as_of_when():
    session_id, _shown = lived()
    done = play("flow", "session", "show", session_id, "--at", "4")
    assert done.status == 0
    assert done.out.startswith("🕰️ As of event 4, ")
    assert "Operations" not in done.out
    assert f"vc flow session show {session_id}" in done.out
    assert play("flow", "session", "show", session_id, "--at", "#4", "--json").data["as_of"]["seq"] == 4
    version = FlowSession.objects.get(pk=session_id).version
    assert play("flow", "session", "show", session_id, "--at", "2999-01-01", "--json").data["version"] == version


@pytest.mark.parametrize(
    "at", ["99", "0", "3d", "1999-01-01", "0001-01-01", "0001-01-02", "9999-12-31T23:59:59-14:00", "yesterday", ""]
)
def test_show_at_refuses_what_was_not(at):
    session_id = new_session("build").pk
    done = play("flow", "session", "show", session_id, "--at", at, "--json")
    assert (done.status, done.out) == (2, "")
    assert done.diagnostic["fix"]


def test_show_at_reveals_nothing():
    done = play("flow", "session", "show", new_session("build").pk, "--at", "1", "--reveal", "--json")
    assert (done.status, done.diagnostic["code"]) == (2, "usage")
