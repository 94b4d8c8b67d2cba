"""Where a session is: ``progress/``, ``next/``, ``context/`` and ``diagram/``."""

from xml.etree import ElementTree

import pytest

from sessions_app.actors import Actor
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from tests.api.conftest import assert_fits, assert_problem, client_for
from tests.factories import publish_workflow, stage

SESSIONS = "/api/v1/sessions/"
PLACES = ["progress/", "next/", "context/", "context/?as=text", "diagram/"]


@pytest.fixture
def workflow(db):
    return publish_workflow(
        stage("spec", items=["draft", "polish?"], deliverables=["paper"]),
        "build",
        "test",
        transitions=[("spec", "build")],
    )


@pytest.fixture
def actor(mei):
    return Actor(mei, "python", is_trusted=True)


def get(client, flow_session, place, lang="en"):
    return client.get(f"{SESSIONS}{flow_session.pk}/{place}", headers={"Accept-Language": lang})


def next_of(client, flow_session):
    answer = get(client, flow_session, "next/")
    assert_fits("NextSteps", answer.json())
    assert answer.headers["ETag"] == f'"{answer.json()["version"]}"'
    return answer.json()["next"]


def test_progress_tells_what_is_done_and_left(api, flow_session, actor):
    StageInstanceManager(actor).perform(flow_session.pk, "spec", "skip", reason="known")
    answer = get(api, flow_session, "progress/")
    body = answer.json()
    assert_fits("SessionProgress", body)
    assert (body["progress"], body["total"]) == (33, 3)
    assert (body["skipped"], body["remaining"]) == (["spec"], ["build", "test"])
    assert [each["allowed_actions"] for each in body["stages"]] == [["retry"], ["start", "skip"], ["start", "skip"]]
    assert answer.headers["ETag"]


def test_next_gives_the_same_as_command_and_as_request(api, flow_session):
    begin, pause = next_of(api, flow_session)
    assert begin == {
        "why": "begin the stage spec",
        "command": f"vc flow run dev:spec --session {flow_session.pk}",
        "method": "POST",
        "path": f"/api/v1/sessions/{flow_session.pk}/run/",
        "body": {"stage": "spec"},
    }
    assert pause["path"] == f"/api/v1/sessions/{flow_session.pk}/pause/"


def test_following_the_first_step_leads_to_the_end(api, flow_session):
    statuses = []
    for _step in range(20):
        first = next_of(api, flow_session)[0]
        statuses.append(api.get(f"{SESSIONS}{flow_session.pk}/").json()["status"])
        if statuses[-1] == "COMPLETED":
            break
        answer = api.post(first["path"], first["body"], format="json")
        assert answer.status_code == 200, (first, answer.json())
    assert statuses[-1] == "COMPLETED"
    assert first["body"] == {"reason": "<reason>"}


@pytest.mark.parametrize(("state", "verb"), [("PENDING", "start"), ("PAUSED", "resume"), ("FAILED", "resume")])
def test_next_in_other_states_can_be_done(api, flow_session, actor, state, verb):
    manager = FlowSessionManager(actor)
    if state == "PENDING":
        flow_session = manager.create_session("dev", start=False)
    elif state == "PAUSED":
        manager.pause_session(flow_session.pk)
    else:
        manager.fail_session(flow_session.pk, reason="broken")
    (step,) = next_of(api, flow_session)
    assert step["path"].endswith(f"/{verb}/")
    assert api.post(step["path"], step["body"], format="json").json()["status"] == "ACTIVE"


def test_next_after_an_abort_is_a_new_session(api, flow_session, actor):
    FlowSessionManager(actor).abort_session(flow_session.pk)
    (step,) = next_of(api, flow_session)
    assert api.post(step["path"], step["body"], format="json").status_code == 201


def test_next_offers_paused_and_failed_stages(api, flow_session, actor):
    stages = StageInstanceManager(actor)
    spec = stages.run_stage(flow_session.pk, "spec")
    for verb, path in (("pause", "resume"), ("fail", "retry")):
        stages.perform(flow_session.pk, "spec", verb)
        assert f"/api/v1/stages/{spec.pk}/{path}/" in [step["path"] for step in next_of(api, flow_session)]


def test_next_offers_a_viewer_nothing(li, flow_session):
    assert next_of(client_for(li), flow_session) == []


def test_context_holds_the_whole_place(api, flow_session, actor):
    FlowSessionManager(actor).note_session(flow_session.pk, "remember the milk")
    StageInstanceManager(actor).run_stage(flow_session.pk, "spec")
    answer = get(api, flow_session, "context/")
    body = answer.json()
    assert_fits("SessionBrief", body)
    assert (body["notes"][0]["reason"], body["recent_events"][-1]["type"]) == ("remember the milk", "stage.started")
    assert (body["workflow"]["id"], body["stages"][0]["status"]) == ("dev", "ACTIVE")
    assert body["next"] == next_of(api, flow_session)
    assert answer.headers["ETag"] == f'"{body["version"]}"'


def test_context_as_text_is_a_page_to_paste(api, flow_session, actor):
    StageInstanceManager(actor).run_stage(flow_session.pk, "spec")
    answer = get(api, flow_session, "context/?as=text")
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    lines = answer.content.decode().split("\n")
    assert lines[0] == f"# {flow_session.pk}: User auth"
    assert "  - [ ] 1. Do draft" in lines
    assert any(line.startswith("- hand in paper: `vc flow deliverable add") for line in lines)
    assert lines[-1] == ""


def test_context_speaks_the_requests_language(api, flow_session):
    english, chinese = (get(api, flow_session, "context/?as=text", lang).content.decode() for lang in ("en", "zh-hans"))
    assert "- State: Active" in english
    assert "- 状态: 活动" in chinese


def test_context_masks_secrets_unless_an_operator_reveals_them(api, li, flow_session, actor):
    FlowSessionManager(actor).update_session(flow_session.pk, {"context": {"password": "hunter2hunter2"}})
    for form in ("json", "text"):
        place = f"context/?as={form}"
        assert b"hunter2hunter2" not in get(api, flow_session, place).content
        assert b"hunter2hunter2" in get(api, flow_session, f"{place}&reveal=true").content
        assert_problem(get(client_for(li), flow_session, f"{place}&reveal=true"), 403, "not-allowed")


def test_a_viewer_reads_the_place_and_may_do_nothing(li, flow_session, actor):
    StageInstanceManager(actor).run_stage(flow_session.pk, "spec")
    body = get(client_for(li), flow_session, "context/").json()
    assert (body["allowed_actions"], body["next"]) == ([], [])
    progress = get(client_for(li), flow_session, "progress/").json()
    detail = get(client_for(li), flow_session, "").json()
    for stages in (body["stages"], progress["stages"], detail["stages"]):
        assert [each["allowed_actions"] for each in stages] == [[], [], []]


@pytest.mark.parametrize(
    ("form", "media_type", "beginning"),
    [
        ("mermaid", "text/plain; charset=utf-8", "%% dev\nflowchart TD"),
        ("text", "text/plain; charset=utf-8", ""),
        ("svg", "image/svg+xml; charset=utf-8", "<"),
    ],
)
def test_diagram_shows_the_states(api, flow_session, actor, form, media_type, beginning):
    before = get(api, flow_session, f"diagram/?as={form}").content
    StageInstanceManager(actor).run_stage(flow_session.pk, "spec")
    answer = get(api, flow_session, f"diagram/?as={form}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)
    assert answer.content.decode().startswith(beginning)
    assert answer.content != before
    if form == "svg":
        assert not list(ElementTree.fromstring(answer.content).iter("{http://www.w3.org/2000/svg}script"))


@pytest.mark.parametrize("place", ["context/?as=html", "diagram/?as=png", "context/?reveal=1", "next/?as=text"])
def test_an_unknown_form_is_refused(api, flow_session, place):
    assert_problem(get(api, flow_session, place), 400, "invalid-input")


@pytest.mark.parametrize("place", PLACES)
def test_a_stranger_learns_nothing_of_the_place(zhao, flow_session, place):
    client = client_for(zhao)
    hidden, unknown = get(client, flow_session, place), get(client, FlowSession(id="dev-none-2222"), place)
    assert_problem(hidden, 404, "not-found")
    assert hidden.content.replace(flow_session.pk.encode(), b"X") == unknown.content.replace(b"dev-none-2222", b"X")


QUERIES = {"progress/": 11, "next/": 7, "context/": 14, "context/?as=text": 15, "diagram/": 5}


@pytest.mark.parametrize("place", PLACES)
def test_the_place_takes_the_same_queries_with_any_number_of_stages(
    wang, flow_session, actor, place, django_assert_num_queries
):
    client, stages = client_for(wang), StageInstanceManager(actor)
    stages.run_stage(flow_session.pk, "spec")
    get(client, flow_session, place)
    for added in ([], ["build", "test"]):
        for stage_id in added:
            stages.create_instance(flow_session.pk, stage_id)
        with django_assert_num_queries(QUERIES[place]):
            assert get(client, flow_session, place).status_code == 200
