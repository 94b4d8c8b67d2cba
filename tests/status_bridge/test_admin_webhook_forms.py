"""Making and changing webhooks in the admin."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.urls import reverse

from sessions_app.actors import local_actor
from status_bridge import subscriptions
from status_bridge.admin.webhook_form import KNOWN
from status_bridge.models import Subscription
from status_bridge.sealing import unseal
from status_bridge.signing import new_secret
from tests.factories import permission, person, publish_workflow, team

pytestmark = pytest.mark.django_db

ADD = "admin:status_bridge_subscription_add"
URL = "https://board.example.com/hooks?token=hunter2"
TOKEN = "github_pat_" + "A1b2" * 8


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def row():
    given = {"events": ["session.*", "*.failed"], "reach": "all"}
    return subscriptions.create(local_actor(), name="board", url=URL, **given)[0]


@pytest.fixture
def staff(client):
    """An operator of the team ``platform`` who may look at webhooks, signed in."""
    found = get_user_model().objects.create_user("ann", is_staff=True)
    found.user_permissions.add(Permission.objects.get(codename="view_subscription"), permission("operate_sessions"))
    found.groups.add(team("platform"))
    client.force_login(found)
    return person("ann")


def make(client, **given):
    return client.post(reverse(ADD), {"name": "board", "kind": "webhook", "url": URL, "reach": "own", **given})


def edit_page(row):
    return reverse("admin:webhook-edit", args=[row.pk])


def fields_of(page):
    """What the form would send if nobody changed anything."""
    form = page.context["form"]
    return {name: value for name in form.fields if (value := form[name].value())}


def edit(client, row, **given):
    return client.post(edit_page(row), {**fields_of(client.get(edit_page(row))), **given}, follow=True)


def test_making_one_shows_its_secret_this_once(client, staff):
    workflow = publish_workflow("build", id="flow").partition("@")[0]
    given = {"events": ["session.*"], "other_events": "*.failed  stage.skipped", "workflow": workflow}
    page = make(client, reach="team", team="platform", **given)
    made = Subscription.objects.get()
    assert made.owner == staff.user
    assert (made.reach, made.team.name, made.workflow_id) == ("team", "platform", workflow)
    assert made.events == ["session.*", "*.failed", "stage.skipped"]
    secret = re.search(r'id="secret">(whsec_[^<]+)<', page.text)[1]
    assert unseal(made.sealed)["secret"] == secret
    assert "no-store" in page.headers["Cache-Control"]
    assert secret not in client.get(edit_page(made)).text


def test_a_kind_without_a_secret_of_ours_leads_to_its_page(admin_client):
    page = admin_client.post(
        reverse(ADD),
        {
            "name": "issues",
            "kind": "github",
            "url": "https://github.com/acme/app",
            "reach": "own",
            "options": '{"label": "flow"}',
            "secrets": f"token = {TOKEN}\n",
        },
        follow=True,
    )
    made = Subscription.objects.get()
    assert page.redirect_chain
    assert "was made" in page.text
    assert TOKEN not in page.text
    assert made.options == {"label": "flow"}
    assert unseal(made.sealed)["token"] == TOKEN


@pytest.mark.parametrize(
    ("field", "given", "words"),
    [
        ("name", {"name": ""}, "This field is required."),
        ("name", {"name": "a\x07"}, "has a character that is not allowed"),
        ("url", {"url": "ftp://x"}, "https://"),
        ("events", {"other_events": "dancing"}, "There is no event dancing."),
        ("options", {"options": "[1]"}, "This is no JSON object."),
        ("options", {"options": '{"colour": 1}'}, "knows no option colour"),
        ("secrets", {"secrets": "=x"}, "A line has no name."),
        ("secrets", {"kind": "github", "url": "https://github.com/a/b"}, "A token for GitHub is needed."),
        ("team", {"reach": "team"}, "A team goes with the reach team"),
        ("reach", {"reach": "all"}, "Select a valid choice."),
        ("team", {"reach": "team", "team": "others"}, "Select a valid choice."),
        ("workflow", {"workflow": "none"}, "Select a valid choice."),
    ],
)
def test_a_refusal_stands_at_its_field(client, staff, field, given, words):
    team("others")
    page = make(client, **given)
    assert page.status_code == 200
    assert words in " ".join(page.context["form"].errors[field])
    assert f'id="id_{field}_error"' in page.text
    assert not Subscription.objects.exists()


def test_a_refusal_that_is_of_no_field_stands_above(client, staff, monkeypatch):
    monkeypatch.setattr(subscriptions, "MOST_PER_OWNER", 0)
    assert "Delete one first." in " ".join(make(client).context["form"].non_field_errors())


def test_unchanged_forms_change_nothing(admin_client, row):
    before = Subscription.objects.values().get()
    page = edit(admin_client, row)
    assert "Nothing was changed." in page.text
    assert Subscription.objects.values().get() == before


def test_a_form_shows_what_is_stored_and_no_secret(admin_client, row):
    page = admin_client.get(edit_page(row))
    assert fields_of(page) == {
        "name": "board",
        "url": "https://board.example.com/hooks?token=••••••",
        "reach": "all",
        "events": ["session.*"],
        "other_events": "*.failed",
    }
    for hidden in ("hunter2", "whsec_", row.sealed):
        assert hidden not in page.text


def test_what_was_changed_is_changed_and_the_rest_stays(admin_client, row):
    secret = new_secret()
    page = edit(admin_client, row, name="panel", events=["stage.*"], other_events="", secrets=f"secret={secret}")
    assert "The webhook was changed." in page.text
    row.refresh_from_db()
    assert (row.name, row.events, row.url, row.reach) == ("panel", ["stage.*"], URL, "all")
    assert unseal(row.sealed)["secret"] == secret


def test_options_that_are_left_out_are_removed(admin_client):
    made, _none = subscriptions.create(
        local_actor(),
        name="issues",
        kind="github",
        url="https://github.com/acme/app",
        options={"label": "flow", "language": "en"},
        secrets={"token": TOKEN},
    )
    edit(admin_client, made, options='{"language": "zh-hans"}')
    made.refresh_from_db()
    assert made.options == {"language": "zh-hans"}


def test_a_refused_change_stands_in_the_form(admin_client, row):
    page = edit(admin_client, row, url="https://elsewhere.example.com/?token=••••••")
    assert "no secret is stored there" in " ".join(page.context["form"].errors["url"])
    row.refresh_from_db()
    assert row.url == URL


def test_what_is_not_seen_is_not_edited(client, staff, row):
    for answer in (client.get(edit_page(row), follow=True), client.post(edit_page(row), {"name": "x"}, follow=True)):
        assert "There is no webhook" in answer.text
    row.refresh_from_db()
    assert row.name == "board"


@pytest.mark.parametrize("count", [1, 3])
def test_the_forms_take_the_same_queries_however_much_is_offered(admin_client, row, count, django_assert_num_queries):
    for number in range(count):
        team(f"t{number}")
        publish_workflow("build", id=f"w{number}")
    with django_assert_num_queries(4):
        admin_client.get(reverse(ADD))
    with django_assert_num_queries(5):
        admin_client.get(edit_page(row))


def test_the_form_speaks_chinese_and_knows_every_event(admin_client, settings):
    settings.LANGUAGE_CODE = "zh-hans"
    page = admin_client.get(reverse(ADD)).text
    assert "新建 Webhook" in page
    assert "通知范围" in page
    for name in KNOWN:
        assert f'value="{name}"' in page
