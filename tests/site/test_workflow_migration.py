"""The page on which open sessions are brought to another version."""

import pytest

from sessions_app.actors import local_actor
from sessions_app.models import FlowSession
from sessions_app.publishing import retire
from stages_app.services import StageInstanceManager
from tests.factories import assert_consistent, events_of, in_team, new_session, publish_workflow, stage, user
from tests.site.staff import messages_of, staff_client

pytestmark = pytest.mark.django_db

PAGE = "/admin/sessions_app/workflowdefinition/dev/migrate/"


@pytest.fixture(autouse=True)
def _english(admin_client):
    admin_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def three():
    """By id; the first has begun what the newest version doesn't have."""
    made = sorted(new_session(stage("build", items=["one"]), "test").pk for _number in range(3))
    StageInstanceManager().run_stage(made[0], "build")
    publish_workflow(stage("make", name="Build", items=["one"]), "test")
    return made


def versions(keys):
    return [FlowSession.objects.get(pk=key).workflow_version for key in keys]


def test_preview_counts_and_changes_nothing(admin_client, three):
    page = admin_client.get(PAGE).text
    for told in ("2 safe", "1 need a mapping", "What would happen", "Migrate those that are safe: 2"):
        assert told in page
    assert "vc flow migrate dev --to 2 --map build=make --dry-run" in page
    assert "version 2 doesn&#x27;t have it" in page
    assert versions(three) == [1, 1, 1]
    compare = admin_client.get(PAGE.replace("migrate", "compare")).text
    assert f'href="{PAGE}?to=2"' in compare


def test_form_migrates_the_safe_ones(admin_client, three):
    retire(local_actor(), "dev")
    page = admin_client.post(f"{PAGE}?to=2", {"reason": "new rules"}).text
    assert "2 migrated" in page
    assert "Migrate those that are safe" not in page
    assert versions(three) == [1, 2, 2]
    event = events_of(three[1])[-1]
    assert (event.type, event.reason, event.door, event.actor) == ("session.migrated", "new rules", "admin", "admin")
    for key in three:
        assert_consistent(key)


def test_steps_are_bounded_and_lead_on(admin_client, three, monkeypatch):
    monkeypatch.setattr("sessions_app.admin.workflow_migrate.STEP", 1)
    page = admin_client.get(PAGE).text
    assert "Look at the next; 2 are left" in page
    assert f'href="{PAGE}?to=2&amp;after={three[0]}"' in page
    assert "1 safe" in admin_client.get(PAGE, {"after": three[0]}).text


def test_nothing_to_migrate_and_what_is_not_there(admin_client, three):
    assert "No open session that you see is on another version." in admin_client.get(PAGE, {"to": 1}).text
    for address, told in ((f"{PAGE}?to=9", "has no version 9"), (PAGE.replace("dev", "none"), "no workflow none")):
        assert told in admin_client.get(address, follow=True).text
    assert admin_client.get(PAGE, {"after": "y" * 300}).status_code == 200
    for method in (admin_client.get, admin_client.post):
        for wrong in ("abc", "x" * 20, "-1", "1" * 10):
            assert f"The parameter to can't be {wrong}." in messages_of(method(f"{PAGE}?to={wrong}", follow=True))
    assert versions(three) == [1, 1, 1]


def test_page_is_for_those_who_may_view_sessions(three):
    mei = staff_client("mei", is_superuser=False, watches=["crew"])
    for key in three:
        in_team(FlowSession.objects.get(pk=key), "crew")
    compare = PAGE.replace("migrate", "compare")
    assert (mei.get(PAGE).status_code, PAGE in mei.get(compare).text) == (200, True)
    user("mei").user_permissions.remove(*user("mei").user_permissions.filter(codename="view_flowsession"))
    assert [mei.get(PAGE).status_code, mei.post(PAGE).status_code] == [403, 403]
    assert (mei.get(compare).status_code, PAGE in mei.get(compare).text) == (200, False)
    assert versions(three) == [1, 1, 1]


def test_page_takes_as_many_queries_for_one_session_as_for_three(admin_client, three, django_assert_num_queries):
    StageInstanceManager().run_stage(three[2], "test")
    for after in ("", three[1]):
        with django_assert_num_queries(10):
            admin_client.get(PAGE, {"after": after} if after else {})
