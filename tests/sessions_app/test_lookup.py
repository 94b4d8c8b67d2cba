"""Sessions and workflows by what people type."""

import pytest

from sessions_app.actors import local_actor
from sessions_app.exceptions import Ambiguous, NotFound
from sessions_app.lookup import CANDIDATES, find_session, find_workflow, get_session
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from tests.factories import definition, new_session, publish_workflow, snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def sessions():
    """Sessions whose ids and names are known: two begin alike, one has the other's id for a name."""
    publish_workflow("build")
    first = FlowSessionManager().create_session("dev", "Auth")
    FlowSession.objects.bulk_create(
        FlowSession(
            id=key,
            workflow_id="dev",
            pinned_version_id=first.pinned_version_id,
            name=name,
            status="ACTIVE",
            created_at=first.created_at,
            updated_at=first.updated_at,
            owner_id=first.owner_id,
        )
        for key, name in (
            ("x-auth-2222", "Login"),
            ("x-auth-2223", "Search"),
            ("y-api-9999", "x-auth-2222"),
            ("y-same-1", "Twice"),
            ("y-same-2", "Twice"),
            ("y_100%", "Percent"),
        )
    )


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ("x-auth-2222", "x-auth-2222"),  # an exact id wins over a name
        ("x-auth-2223", "x-auth-2223"),
        ("y-a", "y-api-9999"),  # a unique beginning
        ("Search", "x-auth-2223"),  # a unique name
        ("y_", "y_100%"),  # no wildcard
    ],
)
def test_session_is_found_by_id_beginning_or_name(sessions, reference, key):
    assert find_session(local_actor(), reference).pk == key


@pytest.mark.parametrize(
    ("reference", "candidates"),
    [
        ("x-auth", {"x-auth-2222", "x-auth-2223"}),
        ("Twice", {"y-same-1", "y-same-2"}),
        ("x-auth-222", {"x-auth-2222", "x-auth-2223"}),
    ],
)
def test_ambiguous_session_is_refused_with_the_candidates(sessions, reference, candidates):
    with pytest.raises(Ambiguous) as caught:
        find_session(local_actor(), reference)
    assert {each["id"] for each in caught.value.details["candidates"]} == candidates
    assert all(key in caught.value.message for key in candidates)
    assert caught.value.exit_status == 6


@pytest.mark.parametrize("reference", ["", " ", "nothing", "auth", "search", "%", "x-auth-22222", "X-AUTH-2222"])
def test_unknown_session_is_not_found(sessions, reference):
    with pytest.raises(NotFound) as caught:
        find_session(local_actor(), reference)
    assert caught.value.exit_status == 3


def test_candidates_are_bounded():
    for _each in range(CANDIDATES + 2):
        new_session()
    with pytest.raises(Ambiguous) as caught:
        find_session(local_actor(), "dev-")
    assert len(caught.value.details["candidates"]) == CANDIDATES
    assert caught.value.message.endswith("….")


HOSTILE = ["\x00", "a\x00b", "\ud800", "x" * 10_000, "\u202edev", "dev\n", None, 5, ["dev"], {"id": 1}]


@pytest.mark.parametrize("reference", HOSTILE)
def test_hostile_reference_is_not_found(reference):
    new_session()
    before = snapshot()
    manager = FlowSessionManager()
    for find in (find_session, get_session):
        with pytest.raises(NotFound):
            find(manager.actor, reference)
    for look_up in (find_workflow, manager.pause_session, manager.create_session):
        with pytest.raises(NotFound):
            look_up(reference)
    after = snapshot()
    assert after == before


def test_id_of_another_kind_is_not_found():
    flow_session = new_session()
    for key in (flow_session.workflow_id, flow_session.pinned_version_id, f"{flow_session.pk}.build.1"):
        with pytest.raises(NotFound):
            get_session(local_actor(), key)


def test_workflow_is_found_by_id_or_a_unique_beginning():
    publish_workflow("build", id="dev")
    publish_workflow("build", id="dev-small")
    publish_workflow("build", id="docs")
    assert [find_workflow(reference).pk for reference in ("dev", "dev-", "do")] == ["dev", "dev-small", "docs"]
    with pytest.raises(Ambiguous) as caught:
        find_workflow("d")
    assert [each["id"] for each in caught.value.details["candidates"]] == ["dev", "dev-small", "docs"]
    for unknown in ("", "nothing", definition().name):
        with pytest.raises(NotFound):
            find_workflow(unknown)
