"""What can't be used is refused with an error of ours, and the database stays as it is."""

import pytest

from sessions_app.exceptions import InvalidInput
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from sessions_app.text import JSON_BYTES, JSON_DEPTH, NAME_LENGTH
from stages_app.services import StageInstanceManager
from tests.factories import assert_consistent, events_of, new_session, publish_workflow, snapshot, stage_in

pytestmark = pytest.mark.django_db


def nested(depth):
    value = "deep"
    for _level in range(depth):
        value = {"a": value}
    return value


def circular():
    value = {}
    value["me"] = value
    return value


NAMES = {
    "empty": "",
    "blank": " \t ",
    "NUL": "a\x00b",
    "escape": "\x1b[2Jgone",
    "C1": "a\x9bb",
    "DEL": "a\x7f",
    "newline": "a\nb",
    "surrogate": "a\ud800",
    "too long": "x" * (NAME_LENGTH + 1),
    "far too long": "x" * 10_000,
    "number": 5,
    "bytes": b"name",
    "list": ["name"],
}
OBJECTS = {
    "1 MB": {"text": "x" * 1_000_000},
    "just over": {"text": "x" * JSON_BYTES},
    "1 MB of Chinese": {"text": "字" * 350_000},
    "100 deep": nested(100),
    "one too deep": nested(JSON_DEPTH + 1),
    "100 lists deep": {"a": [[[[nested(100)]]]]},
    "circular": circular(),
    "20,000 keys": {str(number): number for number in range(20_000)},
    "20,000 entries": {"list": list(range(20_000))},
    "NaN": {"n": float("nan")},
    "infinite": {"n": float("inf")},
    "set": {"n": {1, 2}},
    "bytes": {"n": b"x"},
    "object": {"n": object()},
    "number as key": {5: "x"},
    "empty key": {"": "x"},
    "NUL in a key": {"a\x00": "x"},
    "NUL in a value": {"a": "x\x00"},
    "NUL deep inside": {"a": [{"b": "x\x00"}]},
    "surrogate in a value": {"a": "\udc80"},
    "escape in a value": {"a": "\x1b]0;title\x07"},
    "list": ["a"],
    "text": "a",
    "number": 5,
    "huge number": {"n": 10**5000},
}
TEXTS = {"NUL": "a\x00", "escape": "\x1b[31m", "surrogate": "\ud800", "too long": "x" * 20_001, "number": 5, "list": []}

name = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
objects = pytest.mark.parametrize("value", OBJECTS.values(), ids=OBJECTS)
text = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


@pytest.fixture
def working():
    """An active stage of an active session."""
    return stage_in("ACTIVE", new_session("build", "test"))


def assert_refused(*calls):
    before = snapshot()
    for call in calls:
        with pytest.raises(InvalidInput) as caught:
            call()
        assert caught.value.message
        assert caught.value.fix
        assert caught.value.exit_status == 2
    assert snapshot() == before


@name
def test_bad_name_is_refused(working, name):
    sessions, stages = FlowSessionManager(), StageInstanceManager()
    assert_refused(
        lambda: sessions.create_session("dev", name),
        lambda: sessions.create_session("dev", tags=[name]),
        lambda: sessions.update_session(working.session_id, {"name": name}),
        lambda: sessions.update_session(working.session_id, {"tags": [name]}),
        lambda: stages.create_instance(working.session_id, "spike", name),
        lambda: stages.update_instance(working.pk, {"name": name}),
        lambda: stages.run_stage(working.session_id, "build", name=name),
        lambda: stages.run_in_new_session("dev", "build", name=name),
    )


@objects
def test_bad_object_is_refused(working, value):
    sessions, stages = FlowSessionManager(), StageInstanceManager()
    assert_refused(
        lambda: sessions.create_session("dev", context=value),
        lambda: sessions.create_session("dev", metadata=value),
        lambda: sessions.update_session(working.session_id, {"context": value}),
        lambda: stages.create_stage(working.session_id, "spike", value),
        lambda: stages.update_instance(working.pk, {"metadata": value}),
        lambda: stages.update_stage_status(working.pk, "PAUSED", value),
        lambda: stages.add_deliverables(working.pk, value),
    )


@text
def test_bad_text_is_refused(working, text):
    sessions, stages = FlowSessionManager(), StageInstanceManager()
    assert_refused(
        lambda: sessions.pause_session(working.session_id, reason=text),
        lambda: sessions.note_session(working.session_id, text),
        lambda: sessions.delete_session(working.session_id, reason=text),
        lambda: stages.fail_instance(working.pk, reason=text),
        lambda: stages.skip_instance(working.pk, reason=text),
    )


@pytest.mark.parametrize("tags", ["tag", 5, None, [None], ["x" * 51], [[]]])
def test_bad_tags_are_refused(working, tags):
    assert_refused(lambda: FlowSessionManager().create_session("dev", tags=tags))


@pytest.mark.parametrize("data", [None, [], "name", 5, [("name", "x")]])
def test_update_must_be_a_mapping(working, data):
    assert_refused(lambda: FlowSessionManager().update_session(working.session_id, data))


@pytest.mark.parametrize("data", [{5: 1}, {None: 1}, {("a",): 1}])
def test_update_with_odd_keys_is_refused(working, data):
    assert_refused(lambda: FlowSessionManager().update_session(working.session_id, data))


@pytest.mark.parametrize(
    "name",
    [
        "‮drawkcab",
        "👩‍👩‍👧 family",
        "e\u0301",
        "<script>",
        "'; DROP TABLE",
        "%s {0}",
        "x" * NAME_LENGTH,
        "名" * NAME_LENGTH,
    ],
)
def test_odd_but_harmless_name_is_kept_and_listed(name):
    import unicodedata

    publish_workflow("build")
    made = FlowSessionManager().create_session("dev", name, context={"name": name})
    stored = FlowSession.objects.get(pk=made.pk)
    assert stored.name == stored.context["name"] == unicodedata.normalize("NFC", name)
    assert stored.pk.isascii()
    assert [row.pk for row in FlowSessionManager().list_sessions()] == [made.pk]
    assert_consistent(made.pk)


@pytest.mark.parametrize(
    "value", [nested(JSON_DEPTH - 1), {"a": "x" * (JSON_BYTES - 8)}, {"a": [None, True, 1, 0.5, "x\ny"]}, {}]
)
def test_object_within_the_limits_is_kept(value):
    publish_workflow("build")
    made = FlowSessionManager().create_session("dev", context=value)
    assert FlowSession.objects.get(pk=made.pk).context == value
    assert events_of(made)[0].changes["context"]["after"] == value
    assert_consistent(made.pk)


@pytest.mark.parametrize("other", [" caf\u00e9", "caf\u00e9 ", "cafe\u0301"])
def test_keys_that_become_the_same_are_refused_by_name(working, other):
    value = {"list": [{"caf\u00e9": 1, other: 2}]}
    with pytest.raises(InvalidInput, match="caf\u00e9"):
        FlowSessionManager().update_session(working.session_id, {"context": value})
    assert_refused(
        lambda: FlowSessionManager().create_session("dev", metadata=value),
        lambda: StageInstanceManager().update_instance(working.pk, {"config": value}),
    )


def test_deliverable_that_is_given_twice_is_refused_by_name(working):
    assert_refused(lambda: StageInstanceManager().add_deliverables(working.pk, {"report": "a", "report ": "b"}))


def test_limits_hold_for_what_is_merged_too():
    made = new_session()
    half = "x" * (JSON_BYTES // 2)
    FlowSessionManager().update_session(made.pk, {"context": {"a": half}})
    assert_refused(lambda: FlowSessionManager().update_session(made.pk, {"context": {"b": half}}))
