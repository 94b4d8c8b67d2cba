"""The frame of every page: places, language, the reader's time zone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from sessions_app import durations, language
from sessions_app.admin import panels
from sessions_app.admin.panels import Panel, View, drawn_panels, register_panel
from sessions_app.templatetags import vcflow

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LIST = "admin:sessions_app_flowsession_changelist"


@pytest.fixture
def frame(admin_client):
    def ask(**headers):
        return admin_client.get(reverse(LIST), headers=headers).text

    return ask


def test_the_bar_leads_to_what_the_reader_may_see(client, admin_client):
    everything = admin_client.get(reverse("admin:index")).text
    assert 'aria-current="page">' in everything
    reader = User.objects.create_user("li", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_flowsession"))
    client.force_login(reader)
    page = client.get(reverse(LIST)).text
    assert f'href="{reverse(LIST)}" aria-current="page"' in page
    assert reverse("admin:status_bridge_subscription_changelist") not in page
    assert reverse("admin:status_bridge_subscription_changelist") in everything


def test_pages_bring_no_script_of_theirs_and_nothing_from_elsewhere(frame):
    page = frame()
    assert "<style" not in page
    assert " style=" not in page
    assert "<script>" not in page
    assert "jquery" not in page
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert "https://" not in page


def test_the_language_can_be_switched_and_stays(admin_client):
    there = admin_client.post(reverse("set_language"), {"language": "zh-hans", "next": reverse(LIST)}, follow=True)
    assert '<html lang="zh-hans"' in there.text
    assert 'value="en" lang="en">English</button>' in there.text
    back = admin_client.post(reverse("set_language"), {"language": "en", "next": reverse(LIST)}, follow=True)
    assert '<html lang="en"' in back.text
    assert 'lang="zh-hans">中文</button>' in back.text


def test_the_language_switch_leads_nowhere_else(admin_client):
    answer = admin_client.post(reverse("set_language"), {"language": "en", "next": "https://evil.example/"})
    assert "evil" not in answer.headers["Location"]


@pytest.mark.parametrize(
    ("cookie", "zone"),
    [
        ("Asia/Tokyo", "Asia/Tokyo"),
        ("Asia%2FTokyo", "Asia/Tokyo"),
        ("", "UTC"),
        ("Europe", "UTC"),
        ("../../etc/passwd", "UTC"),
        ("x" * 5000, "UTC"),
        ("%E5%8C%97%E4%BA%AC", "UTC"),
    ],
)
def test_times_are_in_the_zone_that_the_browser_names(admin_client, settings, cookie, zone):
    settings.TIME_ZONE = "UTC"
    admin_client.cookies["vcflow_zone"] = cookie
    assert f'data-zone="{zone}"' in admin_client.get(reverse(LIST)).text


def test_the_zone_of_one_request_does_not_stay_for_the_next(admin_client, client, settings):
    settings.TIME_ZONE = "UTC"
    admin_client.cookies["vcflow_zone"] = "Asia/Tokyo"
    assert 'data-zone="Asia/Tokyo"' in admin_client.get(reverse(LIST)).text
    admin_client.cookies.pop("vcflow_zone")
    assert 'data-zone="UTC"' in admin_client.get(reverse(LIST)).text


def test_a_time_is_shown_to_the_minute_and_exactly_in_its_title(settings):
    settings.TIME_ZONE = "Asia/Shanghai"
    shown = vcflow.moment(NOON)
    assert ">2026-03-02 20:00</time>" in shown
    assert 'title="2026-03-02 20:00:00 CST"' in shown
    assert 'datetime="2026-03-02T12:00:00+00:00"' in shown
    assert vcflow.moment(None) == "-"


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "0 s", "0 秒"),
        (59.9, "59 s", "59 秒"),
        (60, "1 min", "1 分钟"),
        (3600 + 61, "1 h 1 min", "1 小时 1 分钟"),
        (7200 + 5, "2 h", "2 小时"),
        (timedelta(days=3, hours=4, minutes=9), "3 d 4 h", "3 天 4 小时"),
        (-5, "0 s", "0 秒"),
    ],
)
def test_a_length_is_told_by_its_two_largest_units(seconds, english, chinese):
    assert durations.in_words(seconds) == english
    language.activate("zh-hans")
    assert durations.in_words(seconds) == chinese


@pytest.mark.parametrize(
    ("seconds", "told"), [(-3, "just now"), (59, "just now"), (61, "1 min ago"), (86400 * 40, "40 d ago")]
)
def test_what_is_past_is_told_by_its_largest_unit(seconds, told):
    assert durations.ago(seconds) == told


def test_a_state_is_a_sign_and_a_word_beside_its_colour():
    assert "‖</span> Paused" in vcflow.state("PAUSED")
    assert "»</span> skipped" in vcflow.state("SKIPPED", "stage")
    assert "to do" in vcflow.state(None, "stage")


def test_nested_data_is_shown_as_lists_that_fold():
    shown = vcflow.tree({"a": {"b": [1, None, True, ""]}, "<i>": "x\u202ey", "c": {}})
    assert "<details open>" in shown
    assert "<i>" not in shown
    assert "\u202e" not in shown
    assert "null" in shown
    assert vcflow.tree({}) == '<span class="told vc-value">{}</span>'


def test_a_panel_of_a_taken_key_is_refused(monkeypatch):
    monkeypatch.setattr(panels, "_panels", {})
    first = Panel("x", 1, "sessions_app/panels.html", lambda view: {})
    register_panel("dashboard", first)
    register_panel("dashboard", first)
    with pytest.raises(ValueError, match="two panels"):
        register_panel("dashboard", Panel("x", 2, "sessions_app/panels.html", lambda view: {}))


def test_panels_are_drawn_in_order_and_those_without_context_left_out(monkeypatch, rf, admin_user):
    monkeypatch.setattr(panels, "_panels", {})
    for key, order, context in (("last", 3, {}), ("none", 2, None), ("first", 1, {})):
        register_panel("dashboard", Panel(key, order, "sessions_app/panels.html", lambda view, told=context: told))
    request = rf.get("/")
    request.user = admin_user
    assert [panel["key"] for panel in drawn_panels("dashboard", View(request, None))] == ["first", "last"]
