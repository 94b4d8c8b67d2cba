"""What addresses of lists may ask for: nothing but what a list itself offers, and no value breaks a page."""

import re
from urllib.parse import quote_plus

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from sessions_app.admin.lookups import KnownQuery, is_moment
from sessions_app.models import ApiToken, FlowSession, WorkflowVersion
from stages_app.models import StageInstance
from status_bridge.models import Conflict, EntryStatus, StatusEntry, Subscription
from tests.factories import publish_workflow, session_in, stage_in
from tests.site.staff import messages_of

pytestmark = pytest.mark.django_db

admin.autodiscover()
OURS = {model: row for model, row in admin.site._registry.items() if type(row).__module__.partition(".")[0] != "django"}
DRAWN_BY_DJANGO = [model for model, row in OURS.items() if isinstance(row, KnownQuery)]
OWN_LISTS = {"flowsession", "sessionevent", "workflowdefinition", "tombstone"}
DJANGOS_LISTS = {
    "apitoken",
    "conflict",
    "group",
    "stageinstance",
    "statusentry",
    "subscription",
    "user",
    "workerbeat",
    "workflowversion",
}
HOSTILE = [
    ("id__regex", "(a+)+$"),
    ("pk__gte", "a"),
    ("name__regex", "(a+)+$"),
    ("deliverables__api_key__startswith", "s"),
    ("session__context__api_key__startswith", "s"),
    ("workflow__versions__content__contains", "s"),
    ("user__password__startswith", "p"),
    ("password__startswith", "p"),
    ("created_at__year", "9999999"),
    ("updated_at__gte", "9999999-01-01"),
    ("updated_at__lt", "0001-01-01T00:00:00+14:00"),
    ("status__in", "X"),
    ("status__isnull", "maybe"),
    ("groups__id__exact", "9" * 40),
    ("is_active__exact", "perhaps"),
    ("drop__table", "1"),
    ("p", "zz"),
    ("p", "0"),
    ("p", "9" * 3000),
    ("o", "zz"),
    ("o", "1." * 1000),
    ("all", "x"),
    ("_facets", "no"),
    ("_to_field", "password"),
    ("q", "x" * 3000),
    ("q", "a\x07b"),
]


def list_of(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def some_rows():
    flow_session = session_in("ACTIVE", "build")
    stage_in("ACTIVE", flow_session)
    return flow_session


def test_every_list_that_django_draws_knows_what_it_may_be_asked():
    own = {model._meta.model_name for model in OURS if model not in DRAWN_BY_DJANGO}
    assert own == OWN_LISTS
    assert {model._meta.model_name for model in DRAWN_BY_DJANGO} == DJANGOS_LISTS


@pytest.mark.parametrize("model", DRAWN_BY_DJANGO)
def test_lookup_that_a_list_does_not_offer_is_refused_with_a_message(admin_client, model):
    some_rows()
    address = list_of(model)
    for name, value in HOSTILE:
        answer = admin_client.get(address, {name: value})
        assert (answer.status_code, answer["Location"]) == (302, address), (name, value[:40])
        assert messages_of(admin_client.get(address)), (name, value[:40])


@pytest.mark.parametrize("model", OURS)
def test_no_value_breaks_a_list(admin_client, model):
    some_rows()
    hostile = [] if model in DRAWN_BY_DJANGO else HOSTILE
    for name, value in [*hostile, ("p", ""), ("o", ""), ("q", ""), ("e", "1"), ("all", "")]:
        assert admin_client.get(list_of(model), {name: value}, follow=True).status_code == 200, (name, value[:40])


def test_refusal_tells_nothing_of_rows(admin_client):
    some_rows()
    StageInstance.objects.update(deliverables={"api_key": "swordfish"})
    address = list_of(StageInstance)
    hit, miss = (
        admin_client.get(address, {"deliverables__api_key__startswith": start, "status__exact": "ACTIVE"})
        for start in ("s", "t")
    )
    assert hit["Location"] == miss["Location"] == f"{address}?status__exact=ACTIVE"


def test_page_beyond_the_last_is_told(admin_client, monkeypatch):
    monkeypatch.setattr(OURS[StatusEntry], "list_per_page", 1)
    for _ in range(2):
        some_rows()
    address = list_of(StatusEntry)
    answer = admin_client.get(address, {"p": "999", "status__exact": EntryStatus.IN_PROGRESS})
    assert answer["Location"] == f"{address}?status__exact={EntryStatus.IN_PROGRESS}"
    assert "999" in messages_of(admin_client.get(answer["Location"]))


def test_who_may_not_look_learns_nothing_of_filters(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("ann", is_staff=True))
    assert client.get(list_of(StageInstance), {"drop__table": "1"}).status_code == 403


@pytest.mark.parametrize("model", DRAWN_BY_DJANGO)
def test_lists_own_links_are_answered(admin_client, model):
    some_rows()
    page = admin_client.get(list_of(model))
    assert page.status_code == 200
    changelist = page.context["cl"]
    queries = {choice["query_string"] for spec in changelist.filter_specs for choice in spec.choices(changelist)}
    queries |= set(re.findall(r'href="(\?[^"]*)"', page.text.replace("&amp;", "&")))
    for query in queries:
        assert admin_client.get(list_of(model) + query).status_code == 200, query


def linked():
    moment = quote_plus(timezone.now().isoformat())
    at_work = f"{EntryStatus.IN_PROGRESS}%2C{EntryStatus.ON_HOLD}"
    return [
        (StatusEntry, f"?status__in={at_work}&updated_at__lt={moment}"),
        (StatusEntry, f"?status__exact={EntryStatus.IN_PROGRESS}&q=x&o=-1.2&p=1"),
        (StageInstance, "?q=&status__exact="),
        (StageInstance, "?status__exact=ACTIVE&p=1"),
        (Conflict, "?settled=no"),
        (Subscription, "?is_active__exact=1&kind=webhook&reach__exact=own"),
        (ApiToken, "?valid=yes&is_agent__exact=1"),
        (WorkflowVersion, "?workflow__id__exact=dev"),
        (FlowSession, "?status__in=PENDING%2CACTIVE%2CPAUSED%2CFAILED"),
    ]


@pytest.mark.parametrize("place", range(len(linked())))
def test_links_from_elsewhere_are_answered(admin_client, place):
    publish_workflow()
    Subscription.objects.all().delete()
    model, query = linked()[place]
    assert admin_client.get(list_of(model) + query).status_code == 200


def test_versions_of_one_workflow_are_listed_alone(admin_client):
    publish_workflow()
    publish_workflow(id="other")
    page = admin_client.get(list_of(WorkflowVersion), {"workflow__id__exact": "other"})
    assert [row.workflow_id for row in page.context["cl"].result_list] == ["other"]


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("2026-01-02T03:04:05+00:00", True),
        ("2026-01-02T03:04:05", False),
        ("2026-13-02T03:04:05+00:00", False),
        ("0001-01-01T00:00:00+14:00", False),
        ("9999999-01-01T00:00:00Z", False),
        ("soon", False),
    ],
)
def test_moment_is_a_point_in_time_that_can_be_told_anywhere(text, fits):
    assert is_moment(text) is fits


@pytest.mark.parametrize("model", DRAWN_BY_DJANGO)
def test_django_itself_is_allowed_no_other_lookup(rf, admin_user, model):
    request = rf.get("/")
    request.user = admin_user
    for name, value in HOSTILE:
        assert not OURS[model].lookup_allowed(name, value, request)
