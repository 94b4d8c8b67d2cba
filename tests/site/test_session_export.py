"""The list as a file."""

import csv
import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app.admin import session_export
from sessions_app.masking import MASK
from sessions_app.services import FlowSessionManager
from tests.factories import actor, in_team, new_session, permission, publish_workflow, session_in, user

pytestmark = pytest.mark.django_db

EXPORT = "/admin/sessions_app/flowsession/export/"
KEY = "ghp" + "_" + "a1B2" * 9


def file_of(client, kind, query=""):
    answer = client.get(f"{EXPORT}{kind}/?{query}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content), answer.headers["Content-Disposition"]


def rows_of(client, query=""):
    return list(csv.DictReader(io.StringIO(file_of(client, "csv", query)[0].decode("utf-8-sig"))))


def test_csv_has_the_sessions_of_the_filter_newest_first(admin_client):
    first, second, _paused = new_session(name="名前"), new_session(), session_in("PAUSED")
    content, name = file_of(admin_client, "csv", "status__exact=ACTIVE")
    assert content.startswith("\ufeffid,name,".encode())
    assert name == 'attachment; filename="sessions.csv"'
    rows = rows_of(admin_client, "status__exact=ACTIVE")
    assert [row["id"] for row in rows] == [second.pk, first.pk]
    assert (rows[1]["name"], rows[1]["status"], rows[1]["progress"]) == ("名前", "ACTIVE", "0")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1"])
def test_csv_has_no_formula(admin_client, name):
    new_session(name=name)
    assert rows_of(admin_client)[0]["name"] == f"'{name}"


def test_csv_keeps_commas_quotes_and_lines_apart(admin_client):
    publish_workflow()
    FlowSessionManager().create_session("dev", 'a, "b"; c', tags=["x", "y"])
    row = rows_of(admin_client)[0]
    assert (row["name"], row["tags"]) == ('a, "b"; c', "x, y")


def test_json_has_the_keys_of_the_api(admin_client, client):
    new_session(name="名前")
    in_file = json.loads(file_of(admin_client, "json")[0])
    in_api = admin_client.get("/api/v1/sessions/").json()["results"]
    assert [set(row) for row in in_file] == [set(row) for row in in_api]
    assert in_file[0]["name"] == "名前"
    assert json.loads(file_of(admin_client, "json", "status__exact=FAILED")[0]) == []


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_file_masks_secrets(admin_client, kind):
    publish_workflow()
    FlowSessionManager().create_session("dev", f"Use {KEY}", tags=[KEY], context={"password": "hunter-two"})
    content = file_of(admin_client, kind)[0].decode()
    assert MASK in content
    assert KEY not in content
    assert "hunter-two" not in content


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_file_holds_what_the_reader_sees(client, kind):
    mei = user("mei", watches=["platform"], is_staff=True)
    mei.user_permissions.add(permission("view_flowsession"))
    client.force_login(mei)
    seen, hidden = in_team(new_session(), "platform"), new_session()
    own = FlowSessionManager(actor("mei")).create_session("dev")
    content = file_of(client, kind)[0].decode()
    assert seen.pk in content
    assert own.pk in content
    assert hidden.pk not in content


def test_file_is_read_part_by_part(admin_client, monkeypatch):
    monkeypatch.setattr(session_export, "TOGETHER", 2)
    keys = [new_session().pk for _number in range(5)]
    with CaptureQueriesContext(connection) as asked:
        rows = rows_of(admin_client)
    assert [row["id"] for row in rows] == keys[::-1]
    assert len([query for query in asked if query["sql"].endswith("LIMIT 2")]) == 3


def test_file_says_in_its_name_that_it_does_not_hold_all(admin_client, monkeypatch):
    monkeypatch.setattr(session_export, "MOST", 3)
    monkeypatch.setattr(session_export, "TOGETHER", 2)
    keys = [new_session().pk for _number in range(4)]
    assert [row["id"] for row in rows_of(admin_client)] == keys[::-1][:3]
    assert file_of(admin_client, "csv")[1] == 'attachment; filename="sessions-newest-3.csv"'


def test_file_is_not_made_of_a_filter_that_can_not_be_read(admin_client):
    new_session()
    answer = admin_client.get(f"{EXPORT}csv/?status__exact=WRONG")
    assert answer.status_code == 302
    assert admin_client.get(f"{EXPORT}xlsx/").status_code == 404


def test_file_is_kept_from_who_may_not_look(client):
    client.force_login(user("ann", is_staff=True))
    assert client.get(f"{EXPORT}csv/").status_code == 403
