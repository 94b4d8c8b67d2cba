"""``vc token`` inside the test's process."""

import re
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from sessions_app.cli.tree import Group as CommandGroup
from sessions_app.models import ApiToken
from tests.cli.conftest import Run
from tests.factories import user
from vcflow_site.cli import MANAGE_FLOW, VC

TOKEN = re.compile("vcf_[0-9a-f]{80}")


def test_token_is_shown_once_with_a_way_to_use_it(run: Run) -> None:
    made = run("token", "create", "laptop")
    assert made.status == 0
    (text,) = set(TOKEN.findall(made.out))
    assert f'curl -H "Authorization: Bearer {text}" http' in made.out
    row = ApiToken.objects.get()
    assert f"vc token revoke {row.token_key}" in made.out
    assert (row.user.username, row.scopes) == ("local", ["read", "work"])
    for command in (["list"], ["list", "--json"], ["revoke", row.token_key]):
        assert not TOKEN.search(run("token", *command).out)


def test_options_are_understood(run: Run, dev: object) -> None:
    user("mei").groups.add(Group.objects.create(name="web"))
    words = ["--scope", "read", "--scope", "decide", "--team", "web", "--workflow", "de", "--expires-in", "12h"]
    made = run("token", "create", "ci", *words, "--as", "mei", "--json").data
    assert TOKEN.fullmatch(made["token"])
    assert (made["user"], made["scopes"], made["team"], made["workflow"]) == ("mei", ["read", "decide"], "web", "dev")
    left = datetime.fromisoformat(made["expires_at"]) - timezone.now()
    assert timedelta(hours=11, minutes=59) < left <= timedelta(hours=12)


def test_agents_token_is_short_and_narrow(run: Run) -> None:
    made = run("token", "create", "bot", "--agent", "--json").data
    assert (made["agent"], made["scopes"]) == (True, ["read", "work"])
    assert datetime.fromisoformat(made["expires_at"]) - timezone.now() <= timedelta(hours=24)
    refused = run("token", "create", "bolder", "--agent", "--scope", "decide", "--json")
    assert (refused.status, refused.diagnostic["code"]) == (2, "invalid-input")


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["create", "laptop", "--team", "nothing"], 3, "not-found"),
        (["create", "laptop", "--workflow", "nothing"], 3, "not-found"),
        (["create", "laptop", "--scope", "root"], 2, "usage"),
        (["create", "laptop", "--expires-in", "soon"], 2, "invalid-input"),
        (["create", "laptop", "--expires-in", "999999w"], 2, "invalid-input"),
        (["create", "laptop", "--as", "nobody"], 3, "not-found"),
        (["create", ""], 2, "invalid-input"),
        (["create", "taken"], 5, "token-name-taken"),
        (["create"], 2, "usage"),
        (["revoke", "vcf_nothing"], 3, "not-found"),
        (["revoke", ""], 3, "not-found"),
        (["list", "nothing"], 2, "usage"),
    ],
)
def test_mistake_is_refused_with_its_code(run: Run, words: list[str], status: int, code: str) -> None:
    assert run("token", "create", "taken").status == 0
    refused = run("token", *words, "--json")
    assert (refused.status, refused.diagnostic["code"]) == (status, code)
    assert ApiToken.objects.count() == 1


def test_list_says_who_what_and_until_when(run: Run) -> None:
    assert "vc token create '<name>'" in run("token", "list").out
    user("mei")
    run("token", "create", "laptop")
    run("token", "create", "phone", "--as", "mei")
    own = run("token", "list").out
    assert "laptop" in own
    assert "phone" not in own
    everybody = run("token", "list", "--all")
    assert "Total: 2 tokens" in everybody.out
    assert "mei" in everybody.out
    shown = run("token", "list", "--all", "--json").data
    assert [(row["name"], row["user"], row["state"]) for row in shown] == [
        ("phone", "mei", "active"),
        ("laptop", "local", "active"),
    ]


def test_revoked_by_the_beginning_of_its_id(run: Run) -> None:
    user("mei")
    made = run("token", "create", "phone", "--as", "mei", "--json").data
    assert run("token", "revoke", made["id"][:-2]).out == f"✅ Revoked: phone ({made['id']})\n"
    again = run("token", "revoke", made["id"])
    assert (again.status, again.out) == (0, f"phone ({made['id']}) was revoked already.\n")
    assert run("token", "revoke", made["id"], "--json").data["changed"] is False
    assert [row["state"] for row in run("token", "list", "--all", "--json").data] == ["revoked"]


def test_beginning_of_several_ids_is_ambiguous(run: Run) -> None:
    run("token", "create", "one")
    run("token", "create", "two")
    refused = run("token", "revoke", "vcf_", "--json")
    assert (refused.status, refused.diagnostic["code"]) == (6, "ambiguous")
    assert len(refused.diagnostic["candidates"]) == 2


def test_names_are_made_harmless(run: Run) -> None:
    made = run("token", "create", "a\u202eb")
    assert "\u202e" not in made.out + run("token", "list").out
    assert "a\\u202eb" in made.out


def test_tokens_are_vcs_alone() -> None:
    assert isinstance(VC.root.member("token"), CommandGroup)
    assert MANAGE_FLOW.root.member("token") is None
