"""The log on a webhook's page."""

import pytest
from django.contrib.admin.utils import quote
from django.urls import reverse

from sessions_app.actors import local_actor
from status_bridge import subscriptions
from status_bridge.admin.webhook_log import PER_PAGE
from status_bridge.models import Delivery
from tests.factories import new_session

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def row():
    return subscriptions.create(local_actor(), name="board", url="https://board.example.com/", reach="all")[0]


def page_of(row):
    return reverse("admin:status_bridge_subscription_change", args=[quote(row.pk)])


def shown(page):
    return [line["delivery"].pk for line in page.context["log"]["rows"]]


def send_more(told, count):
    fields = {
        field.attname: getattr(told, field.attname) for field in Delivery._meta.concrete_fields if not field.primary_key
    }
    Delivery.objects.bulk_create([Delivery(**fields) for _number in range(count)])


def test_pages_go_on_where_the_one_before_ended(admin_client, row):
    new_session()
    send_more(Delivery.objects.get(), PER_PAGE)
    newest_first = list(Delivery.objects.order_by("-id").values_list("pk", flat=True))
    first = admin_client.get(page_of(row))
    assert shown(first) == newest_first[:PER_PAGE]
    assert first.context["log"]["newest"] == ""
    older = admin_client.get(page_of(row) + first.context["log"]["older"])
    assert shown(older) == newest_first[PER_PAGE:]
    assert older.context["log"]["older"] == ""
    assert shown(admin_client.get(page_of(row) + older.context["log"]["newest"])) == newest_first[:PER_PAGE]


def test_a_page_further_back_reads_no_more_rows(admin_client, row, django_assert_num_queries):
    new_session()
    send_more(Delivery.objects.get(), 2 * PER_PAGE)
    page = admin_client.get(page_of(row))
    with django_assert_num_queries(4) as captured:
        admin_client.get(page_of(row) + page.context["log"]["older"])
    log = next(query["sql"] for query in captured if 'FROM "deliveries"' in query["sql"] and "LIMIT 26" in query["sql"])
    assert "OFFSET" not in log


def test_the_log_is_narrowed(admin_client, row):
    first, second = new_session(), new_session()
    told, other = Delivery.objects.order_by("pk")
    Delivery.objects.filter(pk=other.pk).update(state="PARKED", event_type="stage.failed")
    for asked, wanted in (
        ({"state": "PARKED"}, [other.pk]),
        ({"state": "WAITING"}, [told.pk]),
        ({"event": "stage.failed"}, [other.pk]),
        ({"session": first.pk}, [told.pk]),
        ({"session": f" {second.pk} ", "state": "PARKED"}, [other.pk]),
        ({"session": "nobody"}, []),
        ({"session": "a\x07"}, [other.pk, told.pk]),
        ({"before": "x"}, [other.pk, told.pk]),
        ({"before": str(other.pk)}, [told.pk]),
    ):
        assert shown(admin_client.get(page_of(row), asked)) == wanted, asked
    assert "Nothing in the log is like that." in admin_client.get(page_of(row), {"session": "nobody"}).text


def test_an_empty_log_says_what_to_do(admin_client, row):
    assert "Nothing was sent yet." in admin_client.get(page_of(row)).text
