"""Savepoints in the admin: the panel, the page of one with what restoring would change, and both ways of using it."""

import pytest
from django.contrib.admin.utils import quote
from django.urls import reverse

from sessions_app.models import FlowSession, Savepoint
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from tests.factories import assert_consistent, in_team, new_session, stage
from tests.site.staff import last_event, messages_of, session_url, staff_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return staff_client("ann", operates=["platform"])


@pytest.fixture
def kept():
    """A savepoint of a session that went on since, with a secret that changed."""
    flow_session = in_team(new_session(stage("build", items=["one"]), "test", name="Login"), "platform")
    sessions, stages = FlowSessionManager(), StageInstanceManager()
    sessions.update_session(flow_session.pk, {"context": {"password": "hunter2"}})
    stages.run_stage(flow_session.pk, "build")
    made = SavepointManager().create_savepoint(flow_session.pk, "before <b>it</b>")
    sessions.update_session(flow_session.pk, {"context": {"password": "hunter3"}})
    stages.complete_item(f"{flow_session.pk}.build.1", "one")
    sessions.pause_session(flow_session.pk)
    return made


def address(savepoint, verb=""):
    args = [quote(savepoint.session_id), savepoint.seq, *([verb] if verb else [])]
    return reverse(f"admin:session-savepoint{'-do' if verb else ''}", args=args)


def test_page_shows_what_restoring_would_change_and_offers_both_ways(ann, kept):
    page = ann.get(session_url(kept.session)).text
    assert f'href="{address(kept)}"' in page
    assert "before &lt;b&gt;it&lt;/b&gt;" in page
    text = ann.get(address(kept)).text
    assert "Paused → Active" in text
    assert "build.1: on hold → in progress" in text
    assert "build.1: open again: 1. Do one" in text
    assert "context.password: •••••• → ••••••" in text
    assert "hunter" not in text + page
    assert address(kept, "restore") in text
    assert address(kept, "fork") in text


def test_page_is_told_in_chinese(ann, kept):
    text = ann.get(address(kept), headers={"accept-language": "zh-hans"}).text
    assert "恢复会改变什么" in text
    assert "状态: 暂停 → 活动" in text
    panel = ann.get(session_url(kept.session), headers={"accept-language": "zh-hans"}).text
    assert "保存点" in panel
    assert "手动" in panel


def test_restore_by_a_button_brings_the_real_secret_back_and_the_log_tells_it_in_words(ann, kept):
    assert "so it is" not in ann.get(address(kept, "restore")).text
    answer = ann.post(address(kept, "restore"), {"reason": "so it is"}, follow=True)
    assert f"was put back to savepoint {kept.seq}" in messages_of(answer)
    event = last_event(kept.session)
    assert (event.type, event.actor, event.door, event.reason) == ("session.restored", "ann", "admin", "so it is")
    stored = FlowSession.objects.get(pk=kept.session_id)
    assert (stored.status, stored.context["password"]) == ("ACTIVE", "hunter2")
    assert_consistent(stored.pk)
    assert "build.1: open again: 1. Do one" in answer.text
    assert "attempts.build.1" not in answer.text
    own = ann.get(reverse("admin:sessions_app_sessionevent_change", args=[event.pk])).text
    assert "build.1: on hold → in progress" in own
    assert "hunter" not in own + answer.text
    assert "nothing to do" in messages_of(ann.post(address(kept, "restore"), {"reason": "again"}, follow=True))


def test_fork_and_origin_lead_to_each_other(ann, kept):
    answer = ann.post(address(kept, "fork"), {"name": "The other way"}, follow=True)
    fork = FlowSession.objects.get(name="The other way")
    assert (fork.owner.username, fork.forked_from) == ("ann", kept.pk)
    assert f'href="{session_url(kept.session)}"' in answer.text
    assert f'href="{session_url(fork)}"' in ann.get(session_url(kept.session)).text
    assert "session forked" in answer.text


def test_savepoint_is_taken_by_hand_with_a_note(ann, kept):
    take = reverse("admin:session-savepoint-take", args=[quote(kept.session_id)])
    assert "Note (optional)" in ann.get(take).text
    page = ann.post(take, {"note": "once more"}, follow=True)
    newest = Savepoint.objects.filter(session=kept.session_id).latest("seq")
    assert (newest.kind, newest.note, newest.actor) == ("MANUAL", "once more", "ann")
    assert newest.pk in messages_of(page)


def test_watchers_look_and_are_offered_nothing(kept):
    watcher = staff_client("eve", watches=["platform"])
    text = watcher.get(address(kept)).text
    assert "Paused → Active" in text
    assert address(kept, "restore") not in text
    for verb in ("restore", "fork"):
        assert watcher.get(address(kept, verb)).status_code == 302
        assert "needs an operator" in messages_of(watcher.post(address(kept, verb), {"reason": "x"}, follow=True))
    assert Savepoint.objects.filter(session=kept.session_id).count() == 1


def test_stranger_meets_a_savepoint_that_is_not_there(kept):
    stranger = staff_client("zhao", operates=["others"])
    for url in (address(kept), address(kept, "restore"), address(kept, "fork")):
        assert f"There is no savepoint {kept.pk}." in messages_of(stranger.get(url, follow=True))


def test_damaged_savepoint_says_so(ann, kept):
    Savepoint.objects.filter(pk=kept.pk).update(data=b"x")
    assert "is damaged" in messages_of(ann.get(address(kept), follow=True))


def test_panel_takes_as_many_queries_for_many_savepoints(ann, kept, django_assert_max_num_queries):
    for number in range(25):
        SavepointManager().create_savepoint(kept.session_id, f"note {number}")
    with django_assert_max_num_queries(45):
        text = ann.get(session_url(kept.session)).text
    assert "6 older ones are not shown" in text


def test_page_asks_for_a_reason_to_restore_and_for_no_name_to_fork(ann, kept):
    answer = ann.post(address(kept, "restore"), {"reason": "  "})
    assert (answer.status_code, "Say why the session is put back." in answer.text) == (200, True)
    assert FlowSession.objects.get(pk=kept.session_id).status == "PAUSED"
    assert "Left empty" in ann.get(address(kept, "fork")).text
    ann.post(address(kept, "fork"), {"name": " "})
    assert FlowSession.objects.get(forked_from=kept.pk).name == "Login"


def test_head_says_that_a_restoring_or_a_fork_led_here(ann, kept):
    sessions = FlowSessionManager()
    SavepointManager().restore_savepoint(kept.pk, reason="back to work")
    told = ann.get(session_url(kept.session)).text
    assert "Session put back" in told
    assert "back to work" in told
    assert "会话已恢复" in ann.get(session_url(kept.session), headers={"accept-language": "zh-hans"}).text
    sessions.pause_session(kept.session_id, reason="lunch")
    paused = SavepointManager().create_savepoint(kept.session_id)
    sessions.update_session(kept.session_id, {"name": "Other"})
    SavepointManager().restore_savepoint(paused.pk, reason="the old name")
    head = ann.get(session_url(kept.session)).text.partition("vc-facts")[0]
    assert "Session paused" in head
    assert "lunch" in head
    fork = SavepointManager().fork_savepoint(paused.pk, reason="another way")
    head = ann.get(session_url(in_team(fork, "platform"))).text.partition("vc-facts")[0]
    assert "Session forked" in head
    assert "another way" in head
