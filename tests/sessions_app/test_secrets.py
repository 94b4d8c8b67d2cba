"""Secrets of a session: stored as they are, in events, answers and log lines masked, and back again."""

import json
import logging

import pytest

from sessions_app.exceptions import InvalidInput, NotAllowed
from sessions_app.logfiles import OneLineFormatter
from sessions_app.lookup import candidate
from sessions_app.masking import MASK
from sessions_app.models import FlowSession, SessionEvent, Tombstone
from sessions_app.representation import session_json
from sessions_app.revealing import reveal
from sessions_app.services import FlowSessionManager
from tests.factories import actor, events_of, new_session, person, publish_workflow

pytestmark = pytest.mark.django_db

KEY = "ghp" + "_" + "a1B2" * 9
OTHER_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
CONTEXT = {"password": "hunter2", "branch": "main", "db": {"url": "postgres://u:hunter2@h/d"}}
SHOWN = {"password": MASK, "branch": "main", "db": {"url": f"postgres://u:{MASK}@h/d"}}


@pytest.fixture
def manager():
    return FlowSessionManager()


@pytest.fixture
def flow_session(manager):
    publish_workflow("build")
    return manager.create_session("dev", "Login", context=CONTEXT, metadata={"api_key": "k-1"}, tags=[KEY])


@pytest.fixture
def told(caplog):
    """The lines that the log files get."""
    caplog.set_level(logging.INFO, "workflow")
    logger = logging.getLogger("workflow")
    propagates, logger.propagate = logger.propagate, True
    yield lambda: [OneLineFormatter().format(record) for record in caplog.records]
    logger.propagate = propagates


def all_events():
    return json.dumps(list(SessionEvent.objects.values("reason", "changes")), ensure_ascii=False)


def test_stored_session_keeps_its_secrets_and_its_events_have_none(flow_session):
    stored = FlowSession.objects.get(pk=flow_session.pk)
    assert (stored.context, stored.metadata, stored.tags) == (CONTEXT, {"api_key": "k-1"}, [KEY])
    created = events_of(stored)[0]
    assert created.changes["context"] == {"before": None, "after": SHOWN}
    assert created.changes["metadata"]["after"] == {"api_key": MASK}
    assert created.changes["tags"]["after"] == [MASK]
    assert created.hash == created.chained_to("")


def test_answer_is_masked_unless_it_is_to_reveal(flow_session):
    masked, revealed = session_json(flow_session), session_json(flow_session, reveal=True)
    assert (masked["context"], masked["metadata"], masked["tags"]) == (SHOWN, {"api_key": MASK}, [MASK])
    assert (revealed["context"], revealed["metadata"], revealed["tags"]) == (CONTEXT, {"api_key": "k-1"}, [KEY])


def test_name_is_masked_in_id_answer_and_candidates(manager):
    publish_workflow("build")
    made = manager.create_session("dev", f"Rotate {KEY} now")
    assert made.pk.startswith("dev-rotate-now-")
    assert session_json(made)["name"] == candidate(made)["name"] == f"Rotate {MASK} now"
    assert KEY not in all_events()


def test_secret_that_becomes_another_is_told_without_either(manager, flow_session):
    manager.update_session(flow_session.pk, {"context": {"password": "hunter3"}})
    changes = events_of(flow_session)[-1].changes
    assert changes["context.password"] == {"before": MASK, "after": MASK}
    assert FlowSession.objects.get(pk=flow_session.pk).context["password"] == "hunter3"
    assert "hunter" not in all_events()


def test_reasons_and_notes_are_masked(manager, flow_session, told):
    manager.note_session(flow_session.pk, f"The key is {KEY}.")
    manager.pause_session(flow_session.pk, reason=f"{KEY} has leaked")
    manager.delete_session(flow_session.pk, reason=f"Because of {KEY}")
    assert Tombstone.objects.get().reason == f"Because of {MASK}"
    lines = "\n".join(told())
    assert f"reason='{MASK} has leaked'" in lines
    assert KEY not in lines


def test_key_in_a_traceback_is_masked_in_log_files(told):
    try:
        raise ValueError(f"bad {KEY}")
    except ValueError:
        logging.getLogger("workflow.session").exception("It failed")
    assert f"ValueError: bad {MASK}" in told()[0]


def test_what_was_read_masked_and_is_sent_back_changes_nothing(manager, flow_session):
    read = session_json(flow_session)
    manager.update_session(flow_session.pk, {"context": read["context"], "metadata": read["metadata"]})
    assert not manager.outcome.changed
    manager.update_session(flow_session.pk, {"context": {**read["context"], "branch": "release"}})
    assert FlowSession.objects.get(pk=flow_session.pk).context == {**CONTEXT, "branch": "release"}


@pytest.mark.parametrize("data", [{"context": {"new": MASK}}, {"metadata": {"api_key": f"x{MASK}"}}])
def test_mask_is_never_stored(manager, flow_session, data):
    with pytest.raises(InvalidInput) as refused:
        manager.update_session(flow_session.pk, data)
    assert refused.value.code == "masked-value"
    with pytest.raises(InvalidInput) as refused:
        manager.create_session("dev", **data)
    assert refused.value.code == "masked-value"


def test_name_and_tags_that_come_back_masked_stay(manager):
    publish_workflow("build")
    made = manager.create_session("dev", f"Rotate {KEY}", tags=[KEY, "urgent", OTHER_KEY])
    read = session_json(made)
    assert read["tags"] == [MASK, "urgent", MASK]
    manager.update_session(made.pk, {"name": read["name"], "tags": read["tags"]})
    assert not manager.outcome.changed
    manager.update_session(made.pk, {"name": read["name"], "tags": [*read["tags"], "new", "new"]})
    stored = FlowSession.objects.get(pk=made.pk)
    assert (stored.name, stored.tags) == (f"Rotate {KEY}", [KEY, "urgent", OTHER_KEY, "new"])


@pytest.mark.parametrize(
    ("data", "path"),
    [({"name": f"Rotate {MASK}"}, "name"), ({"tags": [MASK, MASK]}, "tags[1]"), ({"tags": ["x", MASK]}, "tags")],
)
def test_mask_in_a_name_or_tag_is_never_stored(manager, flow_session, data, path):
    with pytest.raises(InvalidInput) as refused:
        manager.update_session(flow_session.pk, data)
    assert (refused.value.code, refused.value.details["path"]) == ("masked-value", path)
    with pytest.raises(InvalidInput) as refused:
        manager.create_session("dev", **data)
    assert refused.value.code == "masked-value"
    assert FlowSession.objects.get().tags == [KEY]


def test_revealing_is_noted_in_the_log_files(told):
    flow_session = new_session("build")
    reveal(actor("mei", "cli"), flow_session)
    assert told()[-1].endswith(f"INFO {flow_session.pk} secrets revealed {flow_session.pk} actor=mei door=cli")
    assert [event.type for event in events_of(flow_session)] == ["session.created"]


def test_viewer_may_not_reveal(told):
    flow_session = new_session("build")
    viewer = person("li", watches=["web"])
    FlowSession.objects.filter(pk=flow_session.pk).update(team=viewer.user.groups.get())
    with pytest.raises(NotAllowed):
        reveal(viewer, FlowSession.objects.get(pk=flow_session.pk))
    assert not any("revealed" in line for line in told())
