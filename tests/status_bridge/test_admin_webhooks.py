"""The admin's pages for webhooks."""

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sessions_app.actors import local_actor
from status_bridge import subscriptions
from status_bridge.models import Delivery, Subscription
from tests.factories import new_session, person
from tests.status_bridge.net_receiver import OK, receiving

pytestmark = pytest.mark.django_db

LIST = "admin:status_bridge_subscription_changelist"
URL = "https://board.example.com/hooks?token=hunter2"


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"
    settings.VCFLOW_OUTGOING_ALLOW = ("127.0.0.1",)


@pytest.fixture
def board():
    return subscriptions.create(local_actor(), name="board <b>\u202e", url=URL, reach="all")


@pytest.fixture
def told(board):
    """The newest message of a session, which waits."""
    new_session()
    return Delivery.objects.get()


def page_of(row):
    return reverse("admin:status_bridge_subscription_change", args=[quote(row.pk)])


def act(verb, row, *more):
    name = f"admin:webhook-delivery-{verb}" if more else f"admin:webhook-{verb}"
    return reverse(name, args=[row.pk, *more])


def test_the_list_says_how_each_does_and_shows_no_secret(admin_client, board, told):
    row, secret = board
    Subscription.objects.update(parked_at=timezone.now(), last_error="HTTP 500 <i>\u202e")
    for query in ({}, {"q": "board"}, {"reach__exact": "all"}):
        page = admin_client.get(reverse(LIST), query)
        assert page.status_code == 200
        for text in (row.pk, "board &lt;b&gt;\\u202e", "parked", "HTTP 500 &lt;i&gt;\\u202e", "token=••••••"):
            assert text in page.text
        for hidden in (secret, row.sealed, "hunter2", "<i>"):
            assert hidden not in page.text


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_whatever_its_length(admin_client, count, django_assert_num_queries):
    for number in range(count):
        subscriptions.create(local_actor(), name=f"w{number}", url=URL)
    new_session()
    with django_assert_num_queries(5):
        admin_client.get(reverse(LIST))


@pytest.mark.parametrize("count", [1, 3])
def test_a_page_takes_the_same_queries_whatever_was_sent(admin_client, board, count, django_assert_num_queries):
    for _number in range(count):
        new_session()
    admin_client.get(page_of(board[0]))  # content types are remembered
    with django_assert_num_queries(4):
        admin_client.get(page_of(board[0]))


def test_the_page_shows_the_log_and_what_can_be_done(admin_client, board, told):
    row, secret = board
    page = admin_client.get(page_of(row)).text
    for address in (
        *(act(verb, row) for verb in ("ping", "resume", "rotate")),
        act("skip", row, told.pk),
        reverse("admin:webhook-delivery", args=[row.pk, told.pk]),
    ):
        assert f'href="{address}"' in page
    for hidden in (secret, row.sealed, "hunter2", 'name="is_active"', "<textarea", 'name="url"'):
        assert hidden not in page
    Delivery.objects.update(state="DELIVERED")
    assert act("replay", row, told.pk) in admin_client.get(page_of(row)).text


def test_a_kind_that_makes_no_secret_has_no_button_for_one(admin_client, board):
    Subscription.objects.update(kind="unknown")
    assert act("rotate", board[0]) not in admin_client.get(page_of(board[0])).text


@pytest.mark.parametrize("verb", ["ping", "resume", "rotate"])
def test_every_button_asks_first(admin_client, board, verb):
    before = Subscription.objects.values().get()
    page = admin_client.get(act(verb, board[0]))
    assert page.status_code == 200
    assert "board &lt;b&gt;\\u202e" in page.text
    assert '<form method="post" class="vc-form vc-asks">' in page.text
    assert Subscription.objects.values().get() == before
    assert not Delivery.objects.exists()


def test_a_ping_is_told_on_the_webhooks_page(admin_client, board):
    with receiving(OK) as receiver:
        Subscription.objects.update(url=receiver.url)
        page = admin_client.post(act("ping", board[0]), follow=True)
    assert "The ping arrived: HTTP 200" in page.text
    assert page.redirect_chain[0][0] == reverse("admin:webhook-delivery", args=[board[0].pk, Delivery.objects.get().pk])
    assert "<dd>200</dd>" in page.text
    assert "The ping did not arrive" in admin_client.post(act("ping", board[0]), follow=True).text


def test_a_new_secret_is_shown_this_once(admin_client, board):
    row, first = board
    page = admin_client.post(act("rotate", row))
    assert page.text.count("whsec_") == 1
    assert "no-store" in page.headers["Cache-Control"]
    assert first not in page.text
    assert "whsec_" not in admin_client.get(page_of(row)).text


def test_it_is_turned_off_and_on(admin_client, board):
    assert "The webhook is off." in admin_client.post(act("off", board[0]), follow=True).text
    assert not Subscription.objects.get().is_active
    page = admin_client.get(page_of(board[0])).text
    assert act("on", board[0]) in page
    assert act("resume", board[0]) not in page
    assert "The webhook is on." in admin_client.post(act("on", board[0]), follow=True).text
    assert Subscription.objects.get().is_active


def test_what_is_parked_goes_on(admin_client, board, told):
    Subscription.objects.update(parked_at=timezone.now())
    page = admin_client.post(act("resume", board[0]), follow=True)
    assert "the messages of 1 session are tried" in page.text
    assert Subscription.objects.get().parked_at is None


def test_a_message_is_passed_over_for_a_reason(admin_client, board, told):
    address = act("skip", board[0], told.pk)
    assert 'name="reason"' in admin_client.get(address).text
    assert "A reason is required" in admin_client.post(address, follow=True).text
    assert "was passed over" in admin_client.post(address, {"reason": "no such card"}, follow=True).text
    told.refresh_from_db()
    assert (told.state, told.error) == ("SKIPPED", "Passed over by admin: no such card")
    assert "doesn&#x27;t wait" in admin_client.post(address, {"reason": "again"}, follow=True).text


def test_a_message_is_sent_again(admin_client, board, told):
    assert "1 message is sent again" in admin_client.post(act("replay", board[0], told.pk), follow=True).text
    assert Delivery.objects.first().replay_of == told


def test_messages_since_a_time_are_sent_again(admin_client, board, told):
    Delivery.objects.update(state="DELIVERED")
    address = act("replay-since", board[0])
    assert 'type="datetime-local"' in admin_client.get(address).text
    for given in ({}, {"since": ""}):
        assert "A time is required." in admin_client.post(address, given).text
    page = admin_client.post(address, {"since": "yesterday"})
    assert "is no moment" in page.text
    assert 'value="yesterday"' in page.text
    assert "1 message is sent again" in admin_client.post(address, {"since": "2020-01-01T00:00"}, follow=True).text
    assert Delivery.objects.filter(replay_of=told).exists()


def test_a_delivery_is_shown_with_what_was_answered(admin_client, board, told):
    key = "ghp_" + "a1B2" * 9
    Delivery.objects.update(state="PARKED", status_code=500, error="HTTP 500 <i>\u202e", answer="<b>oh \u202e")
    page = admin_client.get(reverse("admin:webhook-delivery", args=[board[0].pk, told.pk])).text
    assert "HTTP 500 &lt;i&gt;\\u202e" in page
    assert "&lt;b&gt;oh \\u202e" in page
    assert act("skip", board[0], told.pk) in page
    Delivery.objects.update(body=told.body.replace(told.session_id, key))
    assert key not in admin_client.get(reverse("admin:webhook-delivery", args=[board[0].pk, told.pk])).text


def test_a_delivery_is_shown_with_its_body(admin_client, board, told):
    page = admin_client.get(reverse("admin:webhook-delivery", args=[board[0].pk, told.pk]))
    assert "&quot;specversion&quot;: &quot;1.0&quot;" in page.text
    assert told.session_id in page.text
    gone = admin_client.get(reverse("admin:webhook-delivery", args=[board[0].pk, told.pk + 1]), follow=True)
    assert "has no delivery" in gone.text


def test_a_delivery_of_another_webhook_is_not_acted_upon(admin_client, board, told):
    other, _secret = subscriptions.create(local_actor(), name="other", url=URL)
    for verb in ("skip", "replay"):
        page = admin_client.post(act(verb, other, told.pk), {"reason": "so"}, follow=True)
        assert "has no delivery" in page.text
    assert Delivery.objects.count() == 1


def test_a_button_needs_its_csrf_token(admin_user, board):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    for verb in ("ping", "resume", "rotate"):
        assert client.post(act(verb, board[0])).status_code == 403


def test_nothing_is_edited_on_the_page_or_deleted_in_the_list(admin_client, board):
    row, _secret = board
    before = Subscription.objects.values().get()
    assert admin_client.post(page_of(row), {"name": "x", "url": "https://10.0.0.1/"}).status_code == 403
    admin_client.post(reverse(LIST), {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"})
    assert Subscription.objects.values().get() == before


def test_a_webhook_is_deleted_with_its_log(admin_client, board, told):
    address = reverse("admin:status_bridge_subscription_delete", args=[quote(board[0].pk)])
    assert board[0].pk in admin_client.get(address).text
    assert Subscription.objects.exists()
    assert "was deleted" in admin_client.post(address, follow=True).text
    assert not Subscription.objects.exists()
    assert not Delivery.objects.exists()


def test_staff_see_and_use_their_own_alone(client, board):
    ann = get_user_model().objects.create_user("ann", is_staff=True)
    ann.user_permissions.add(Permission.objects.get(codename="view_subscription"))
    client.force_login(ann)
    own, _secret = subscriptions.create(person("ann"), name="mine", url=URL)
    page = client.get(reverse(LIST)).text
    assert own.pk in page
    assert board[0].pk not in page
    assert "There is no webhook" in client.post(act("rotate", board[0]), follow=True).text
    assert "whsec_" in client.post(act("rotate", own)).text


def test_those_without_the_permission_are_kept_out(client, board, told):
    addresses = [
        reverse(LIST),
        *(act(verb, board[0]) for verb in ("ping", "resume", "rotate")),
        act("skip", board[0], told.pk),
        reverse("admin:webhook-delivery", args=[board[0].pk, told.pk]),
    ]
    client.force_login(get_user_model().objects.create_user("bo", is_staff=True))
    assert [client.post(address).status_code for address in addresses] == [403] * len(addresses)
    client.logout()
    assert [client.post(address).status_code for address in addresses] == [302] * len(addresses)


def test_a_user_with_webhooks_can_be_deleted(admin_client):
    row, _secret = subscriptions.create(person("mei"), name="mine", url=URL)
    admin_client.post(reverse("admin:auth_user_delete", args=[row.owner_id]), {"post": "yes"})
    assert not Subscription.objects.exists()
    assert not get_user_model().objects.filter(username="mei").exists()


def test_the_pages_speak_chinese(admin_client, board, told, settings):
    settings.LANGUAGE_CODE = "zh-hans"
    for address in (reverse(LIST), page_of(board[0]), act("ping", board[0]), act("skip", board[0], told.pk)):
        page = admin_client.get(address).text
        for english in ("Ping…", "Why it", "Pass over", "Ping the webhook?", "what can be done", ">active<"):
            assert english not in page
