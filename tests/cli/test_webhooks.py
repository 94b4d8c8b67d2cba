"""``vc flow webhook`` inside the test's process."""

import json
import re

import pytest
from django.utils import timezone

from status_bridge import signing
from status_bridge.models import Delivery, Lane, Subscription
from status_bridge.sealing import unseal
from tests.cli.conftest import Run
from tests.factories import new_session, team, user
from tests.status_bridge.net_receiver import OK, receiving
from vcflow_site.cli import MANAGE_FLOW

SECRET = re.compile("whsec_[A-Za-z0-9+/]{43}=")
URL = "https://board.example.com/hooks?team=blue"


def webhook(run, *words):
    return run("flow", "webhook", *words)


@pytest.fixture
def board(run: Run):
    """A webhook of all sessions."""
    return webhook(run, "create", "board", URL, "--all-sessions", "--json").data


@pytest.fixture
def told(board):
    """A session's first message, which waits."""
    new_session()
    return Delivery.objects.get()


@pytest.fixture(autouse=True)
def _loopback(settings):
    settings.VCFLOW_OUTGOING_ALLOW = ("127.0.0.1",)


def test_a_secret_is_shown_once_with_what_comes_next(run: Run) -> None:
    made = webhook(run, "create", "board", URL)
    assert made.status == 0
    (secret,) = set(SECRET.findall(made.out))
    row = Subscription.objects.get()
    assert unseal(row.sealed)["secret"] == secret
    for text in ("Webhook(secret).verify(body, headers)", f"vc flow webhook ping {row.pk}", "vc flow worker"):
        assert text in made.out
    assert "blue" not in made.out
    for words in (["list"], ["list", "--json"], ["show", "board"], ["show", "board", "--json"], ["log", "board"]):
        shown = webhook(run, *words)
        assert shown.status == 0
        assert "whsec_" not in shown.out
        assert "blue" not in shown.out


def test_options_are_understood(run: Run, dev: object, tmp_path) -> None:
    user("mei", operates=["web"])
    secret = signing.new_secret()
    file = tmp_path / "secret"
    file.write_text(f"{secret}\n")
    words = ["--event", "session.*", "--event", "stage.completed", "--team", "web", "--workflow", "de", "--off"]
    made = webhook(run, "create", "ci", URL, *words, "--secret", f"secret=@{file}", "--as", "mei", "--json").data
    assert (made["events"], made["reach"], made["team"]) == (["session.*", "stage.completed"], "team", "web")
    assert (made["workflow_id"], made["is_active"], made["owner"], made["secret"]) == ("dev", False, "mei", secret)


def test_only_what_is_given_changes(run: Run, board, dev) -> None:
    changed = webhook(run, "update", "board", "--name", "new", "--off", "--workflow", "dev", "--json").data
    assert (changed["changed"], changed["name"], changed["state"], changed["reach"]) == (True, "new", "off", "all")
    assert changed["workflow_id"] == "dev"
    again = webhook(run, "update", "new", "--name", "new")
    assert (again.status, again.out.splitlines()[0]) == (0, f"new ({board['id']}) was so already.")
    changed = webhook(run, "update", "new", "--on", "--workflow", "", "--own-sessions", "--event", "*", "--json").data
    assert (changed["state"], changed["workflow_id"], changed["reach"]) == ("active", None, "own")
    assert changed["events"] == ["*"]


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["create", "x", "https://10.0.0.1/"], 2, "unsafe-address"),
        (["create", "x", "http://x.example/"], 2, "unsafe-address"),
        (["create", "x", URL, "--kind", "pigeon"], 2, "invalid-input"),
        (["create", "x", URL, "--event", "session.dances"], 2, "invalid-input"),
        (["create", "x", URL, "--secret", "secret=short"], 2, "invalid-input"),
        (["create", "x", URL, "--secret", "short"], 2, "usage"),
        (["create", "x", URL, "--option", "colour=red"], 2, "invalid-input"),
        (["create", "x", URL, "--team", "nobody"], 3, "not-found"),
        (["create", "x", URL, "--workflow", "nowhere"], 3, "not-found"),
        (["create", "x", URL, "--all-sessions", "--as", "mei"], 4, "not-allowed"),
        (["create", "x", URL, "--team", "web", "--as", "mei"], 4, "not-allowed"),
        (["create", "x", URL, "--team", "web", "--all-sessions"], 2, "invalid-input"),
        (["create", "x"], 2, "usage"),
        (["create", "", URL], 2, "invalid-input"),
        (["show", "nothing"], 3, "not-found"),
        (["show", "b"], 3, "not-found"),
        (["update", "board"], 2, "usage"),
        (["update", "board", "--url", "https://127.1/x?••••••"], 2, "masked-value"),
        (["update", "board", "--secret", "secret:=null"], 2, "invalid-input"),
        (["rotate", "board", "--as", "mei"], 3, "not-found"),
        (["log", "board", "--limit", "0"], 2, "usage"),
        (["log", "board", "--state", "lost"], 2, "usage"),
        (["log", "board", "--delivery", "7"], 3, "not-found"),
        (["replay", "board"], 2, "invalid-input"),
        (["replay", "board", "7"], 3, "not-found"),
        (["replay", "board", "--since", "yesterday"], 2, "invalid-input"),
        (["skip", "board", "7", "--reason", "so"], 3, "not-found"),
        (["skip", "board", "7"], 2, "reason-required"),
        (["skip", "board", "x", "--reason", "so"], 2, "usage"),
        (["delete", "nothing"], 3, "not-found"),
    ],
)
def test_mistakes_are_refused_and_change_nothing(run: Run, board, words, status, code) -> None:
    user("mei", watches=["web"])
    team("web")
    before = list(Subscription.objects.values())
    refused = webhook(run, *words, "--json")
    assert (refused.status, refused.diagnostic["code"], refused.out) == (status, code, "")
    assert refused.diagnostic["fix"]
    assert list(Subscription.objects.values()) == before
    for secret in ("short", unseal(before[0]["sealed"])["secret"]):
        assert secret not in json.dumps(refused.diagnostic["message"])


def test_what_is_not_found_leads_to_the_list(run: Run) -> None:
    assert "vc flow webhook list" in webhook(run, "show", "nothing").err


def test_what_fits_several_names_them(run: Run, board) -> None:
    other = webhook(run, "create", "board", URL, "--json").data
    refused = webhook(run, "show", "board", "--json")
    assert (refused.status, refused.diagnostic["code"]) == (6, "ambiguous")
    assert {row["id"] for row in refused.diagnostic["candidates"]} == {board["id"], other["id"]}
    assert webhook(run, "show", other["id"][:12]).status == 0


def test_a_new_secret_is_shown_once(run: Run, board) -> None:
    rotated = webhook(run, "rotate", "board")
    assert SECRET.search(rotated.out)
    assert board["secret"] not in rotated.out
    assert "24 hours" in rotated.out


def test_a_ping_is_told_and_ends_accordingly(run: Run, board) -> None:
    with receiving(OK) as receiver:
        webhook(run, "update", "board", "--url", receiver.url)
        assert webhook(run, "ping", "board").out.startswith("✅ The ping arrived: HTTP 200 after ")
        assert webhook(run, "ping", "board", "--json").data["delivery"]["state"] == "DELIVERED"
    failed = webhook(run, "ping", "board", "--json")
    assert (failed.status, failed.diagnostic["code"]) == (1, "ping-failed")
    assert "127.0.0.1" in failed.diagnostic["message"]
    assert failed.diagnostic["delivery"] == Delivery.objects.first().pk


def test_the_list_says_how_each_does_within_the_terminal(run: Run, board, told) -> None:
    assert "There is no webhook yet" not in webhook(run, "list").out
    Subscription.objects.update(parked_at=timezone.now(), last_error="HTTP 500 \x1b[31m")
    told_list = webhook(run, "list").out
    assert f"⚠️ {board['id']}: HTTP 500 \\x1b[31m" in told_list
    assert "parked" in told_list
    assert "Total: 1 webhook" in told_list
    assert f"vc flow webhook resume {board['id']}" in webhook(run, "show", "board").out


def test_an_empty_list_says_how_to_begin(run: Run) -> None:
    assert "vc flow webhook create" in webhook(run, "list").out
    assert webhook(run, "list", "--json").data == []


def test_the_log_is_shown_narrowed_and_read(run: Run, board, told) -> None:
    log = webhook(run, "log", "board").out
    assert "session.created" in log
    assert "waiting" in log
    assert webhook(run, "log", "board", "--event", "ping", "--json").data == []
    assert [row["id"] for row in webhook(run, "log", "board", "--state", "waiting", "--json").data] == [told.pk]
    assert webhook(run, "log", "board", "--session", "none", "--json").data == []
    one = webhook(run, "log", "board", "--delivery", str(told.pk), "--json").data
    assert one["body"]["subject"] == told.session_id
    assert '"specversion": "1.0"' in webhook(run, "log", "board", "--delivery", str(told.pk)).out


def test_what_is_parked_leads_to_what_can_be_done(run: Run, board, told) -> None:
    Delivery.objects.update(state="PARKED", error="HTTP 400")
    Lane.objects.update(parked_at=timezone.now(), failing_since=timezone.now(), last_error="HTTP 400")
    log = webhook(run, "log", "board").out
    assert f"vc flow webhook resume {board['id']}" in log
    assert f"vc flow webhook skip {board['id']} {told.pk} --reason" in log
    assert "Why: HTTP 400" in webhook(run, "show", "board").out
    resumed = webhook(run, "resume", "board")
    assert resumed.out == "✅ It goes on: the messages of 1 session are tried at once.\n"
    assert webhook(run, "show", "board", "--json").data["state"] == "active"


def test_messages_are_passed_over_and_sent_again(run: Run, board, told) -> None:
    skipped = webhook(run, "skip", "board", str(told.pk), "--reason", "no such card")
    assert skipped.out == f"✅ Passed over: session.created of {told.session_id} (delivery {told.pk})\n"
    again = webhook(run, "skip", "board", str(told.pk), "--reason", "again", "--json")
    assert (again.status, again.diagnostic["code"]) == (5, "not-waiting")
    assert "Passed over by local: no such card" in webhook(run, "log", "board", "--json").out
    assert webhook(run, "replay", "board", str(told.pk)).out == "✅ 1 message is sent again.\n"
    assert webhook(run, "replay", "board", "--since", "2020-01-01T00:00:00Z", "--json").data["replayed"] == 1
    webhook(run, "update", "board", "--off")
    off = webhook(run, "replay", "board", str(told.pk), "--json")
    assert (off.status, off.diagnostic["code"]) == (5, "webhook-off")


def test_a_deleted_webhook_is_gone_with_its_log(run: Run, board, told) -> None:
    assert webhook(run, "delete", "board").out == f"✅ Deleted: board ({board['id']})\n"
    assert not Subscription.objects.exists()
    assert not Delivery.objects.exists()


def test_it_is_there_through_manage_py_too(run: Run, board) -> None:
    assert f"python manage.py flow webhook ping {board['id']}" in run("webhook", "show", "board", mount=MANAGE_FLOW).out
