"""``/api/v1/sessions/``."""

from tests.api.conftest import assert_fits, assert_problem, client_for


def test_creation_answers_with_the_session_and_its_etag(api, workflow):
    answer = api.post("/api/v1/sessions/", {"workflow_id": workflow, "name": "登录"}, format="json")
    assert answer.status_code == 201
    body = answer.json()
    assert_fits("SessionChange", body)
    assert (body["name"], body["owner"], body["status"], body["changed"]) == ("登录", "mei", "ACTIVE", True)
    assert answer.headers["ETag"] == f'"{body["version"]}"'


def test_pause_changes_and_says_so(api, flow_session):
    answer = api.post(f"/api/v1/sessions/{flow_session.pk}/pause/", {"reason": "lunch"}, format="json")
    assert_fits("SessionChange", answer.json())
    assert answer.json()["status"] == "PAUSED"
    again = api.post(f"/api/v1/sessions/{flow_session.pk}/pause/", format="json")
    assert (again.status_code, again.json()["changed"]) == (200, False)


def test_a_stranger_learns_nothing(zhao, flow_session):
    hidden = client_for(zhao).get(f"/api/v1/sessions/{flow_session.pk}/")
    unknown = client_for(zhao).get("/api/v1/sessions/dev-none-2222/")
    assert_problem(hidden, 404, "not-found")
    assert hidden.content.replace(flow_session.pk.encode(), b"X") == unknown.content.replace(b"dev-none-2222", b"X")


def test_list_pages_and_slims(api, workflow):
    for number in range(3):
        api.post("/api/v1/sessions/", {"workflow_id": workflow, "name": f"n{number}"}, format="json")
    first = api.get("/api/v1/sessions/?limit=2&fields=name&ordering=name").json()
    assert_fits("SessionPage", first)
    second = api.get(first["next"]).json()
    assert [row["name"] for page in (first, second) for row in page["results"]] == ["n0", "n1", "n2"]
    assert second["next"] is None


def test_a_deletion_keeps_its_reason(api, flow_session):
    answer = api.delete(f"/api/v1/sessions/{flow_session.pk}/?reason=made+by+mistake")
    assert_fits("Tombstone", answer.json())
    assert (answer.status_code, answer.json()["reason"]) == (200, "made by mistake")
    assert_problem(api.get(f"/api/v1/sessions/{flow_session.pk}/"), 404, "not-found")
