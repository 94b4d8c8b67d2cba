import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from sessions_app.actors import Actor, Grant, local_actor
from sessions_app.api.authentication import grant_of
from sessions_app.exceptions import Ambiguous, Conflict, InvalidInput, NotAllowed, NotFound
from sessions_app.models import ApiToken
from sessions_app.permissions import AGENT_SCOPES, SCOPES
from sessions_app.tokens import (
    AGENT_LIFETIME,
    DEFAULT_LIFETIME,
    LONGEST_LIFETIME,
    create_token,
    find_token,
    list_tokens,
    parse_lifetime,
    revoke_token,
    token_json,
)
from tests.factories import person, publish_workflow

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


@pytest.fixture
def mei():
    return person("mei")


@pytest.fixture
def root():
    found = person("root")
    found.user.is_superuser = True
    found.user.save(update_fields=["is_superuser"])
    return found


def team(name, *members):
    group = Group.objects.create(name=name)
    for member in members:
        member.user.groups.add(group)
    return group


def holding(made_by, name="held", **options):
    """The actor that ``made_by`` becomes with a token of theirs."""
    row, _text = create_token(made_by, name, **options)
    return Actor(made_by.user, "api", f"token:{name}", grant=grant_of(row))


def test_token_is_long_and_stored_as_a_hash_alone(mei):
    row, text = create_token(mei, "laptop")
    assert re.fullmatch("vcf_[0-9a-f]{80}", text)
    assert text.startswith(row.token_key)
    secret = text.removeprefix(row.token_key)
    assert len(secret) * 4 >= 256
    stored = ApiToken.objects.filter(pk=row.pk).values().get()
    assert not any(secret in str(value) for value in stored.values())
    assert secret not in str(token_json(row))
    assert row.digest not in str(token_json(row))


def test_token_says_what_it_is(mei):
    publish_workflow("build")
    team("web", mei)
    row, _text = create_token(mei, " ci ", scopes=["work", "read"], team="web", workflow="dev")
    shown = token_json(ApiToken.objects.get(pk=row.pk))
    assert list(shown) == [
        "id",
        "name",
        "user",
        "scopes",
        "team",
        "workflow",
        "agent",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
        "state",
    ]
    assert (shown["name"], shown["user"], shown["scopes"]) == ("ci", "mei", ["read", "work"])
    assert (shown["team"], shown["workflow"], shown["agent"], shown["state"]) == ("web", "dev", False, "active")
    assert grant_of(row) == Grant("ci", frozenset(["read", "work"]), row.team_id, "dev", row.expiry)


@pytest.mark.parametrize(
    ("options", "lifetime"),
    [
        ({}, DEFAULT_LIFETIME),
        ({"agent": True}, AGENT_LIFETIME),
        ({"lifetime": SECOND}, SECOND),
        ({"lifetime": LONGEST_LIFETIME}, LONGEST_LIFETIME),
        ({"agent": True, "lifetime": AGENT_LIFETIME}, AGENT_LIFETIME),
    ],
)
def test_token_lives_as_long_as_it_says(mei, options, lifetime):
    before = timezone.now()
    row, _text = create_token(mei, "laptop", **options)
    assert before + lifetime <= row.expiry <= timezone.now() + lifetime


@pytest.mark.parametrize(
    ("options", "mend"),
    [
        ({"lifetime": timedelta()}, "at most 8760 hours"),
        ({"lifetime": -SECOND}, "at most 8760 hours"),
        ({"lifetime": LONGEST_LIFETIME + SECOND}, "at most 8760 hours"),
        ({"lifetime": timedelta.max}, "at most 8760 hours"),
        ({"agent": True, "lifetime": AGENT_LIFETIME + SECOND}, "at most 24 hours"),
        ({"scopes": []}, "at least one of: read, work"),
        ({"scopes": ["read", "root"]}, "one of: read, work"),
        ({"scopes": ["Read"]}, "one of: read, work"),
        ({"scopes": [["read"]]}, "one of: read, work"),
        ({"scopes": "read"}, "as a list"),
        ({"scopes": 7}, "as a list"),
    ]
    + [({"agent": True, "scopes": ["read", scope]}, "at most: read, work") for scope in SCOPES[2:]],
)
def test_what_a_token_can_not_be_is_refused_with_the_mend(mei, options, mend):
    with pytest.raises(InvalidInput) as caught:
        create_token(mei, "laptop", **options)
    assert mend in caught.value.fix
    assert ApiToken.objects.count() == 0


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "a\nb", "\ud800", "x" * 101, None, 7])
def test_name_that_is_none_is_refused(mei, name):
    with pytest.raises(InvalidInput):
        create_token(mei, name)


def test_scopes_left_out_are_few(mei):
    assert create_token(mei, "laptop")[0].scopes == ["read", "work"]
    assert create_token(mei, "bot", agent=True)[0].scopes == list(AGENT_SCOPES)


def test_name_is_unique_among_a_users_live_tokens(mei):
    first, _text = create_token(mei, "laptop")
    with pytest.raises(Conflict) as caught:
        create_token(mei, "laptop")
    assert caught.value.code == "token-name-taken"
    create_token(person("bo"), "laptop")
    revoke_token(mei, first.token_key)
    second, _text = create_token(mei, "laptop")
    ApiToken.objects.filter(pk=second.pk).update(expiry=timezone.now())
    create_token(mei, "laptop")


def test_somebody_makes_tokens_for_nobody_else(mei):
    person("bo")
    for user in ("bo", "nobody"):
        with pytest.raises(NotAllowed, match="Only an administrator makes tokens for others"):
            create_token(mei, "laptop", user=user)
    assert create_token(mei, "laptop", user="mei")[0].user == mei.user


def test_administrators_make_tokens_for_others(mei, root):
    for maker in (root, local_actor()):
        row, _text = create_token(maker, f"by {maker.username}", user="mei", scopes=SCOPES)
        assert (row.user, row.created_by) == (mei.user, maker.user)
        with pytest.raises(NotFound):
            create_token(maker, "laptop", user="nobody")


def test_disabled_users_get_no_token(mei, root):
    mei.user.is_active = False
    mei.user.save(update_fields=["is_active"])
    for maker in (mei, root, local_actor()):
        with pytest.raises(NotAllowed, match="disabled"):
            create_token(maker, "laptop", user="mei")


def test_team_is_one_of_the_users_own(mei, root):
    web = team("web", mei)
    team("ops")
    assert create_token(mei, "laptop", team="web")[0].team == web
    assert create_token(root, "any", team="ops")[0].team.name == "ops"
    refusals = []
    for name in ("ops", "nothing", "", "a\x00b"):
        with pytest.raises(NotFound) as caught:
            create_token(mei, "other", team=name)
        refusals.append(caught.value.message.replace(name or "''", "X"))
    assert len(set(refusals)) == 1
    with pytest.raises(NotFound):
        create_token(root, "for mei", user="mei", team="ops")


@pytest.mark.parametrize("workflow", ["nothing", "", "a\x00b", "\ud800"])
def test_workflow_has_to_exist(mei, workflow):
    with pytest.raises(NotFound):
        create_token(mei, "laptop", workflow=workflow)


def test_token_needs_the_scope_admin_to_make_see_or_end_tokens(mei):
    working = holding(mei, scopes=[scope for scope in SCOPES if scope != "admin"])
    for attempt in (
        lambda: create_token(working, "next"),
        lambda: list_tokens(working),
        lambda: revoke_token(working, "vcf_x"),
    ):
        with pytest.raises(NotAllowed) as caught:
            attempt()
        assert caught.value.code == "missing-scope"
    managing = holding(mei, "managing", scopes=["admin"])
    assert create_token(managing, "next", scopes=["admin"])[0].user == mei.user
    assert list_tokens(managing).count() == 3


def test_scope_admin_makes_nobody_an_administrator(mei):
    managing = holding(mei, scopes=SCOPES)
    person("bo")
    with pytest.raises(NotAllowed):
        create_token(managing, "next", user="bo")
    with pytest.raises(NotAllowed):
        list_tokens(managing, all_users=True)


def test_token_of_a_token_is_no_wider(mei):
    publish_workflow("build")
    publish_workflow("build", id="docs")
    web, _ops = team("web", mei), team("ops", mei)
    managing = holding(mei, scopes=["read", "admin"], team="web", workflow="dev", lifetime=timedelta(hours=2))
    row, _text = create_token(managing, "next")
    assert (row.scopes, row.team, row.workflow_id) == (["read"], web, "dev")
    assert row.expiry <= managing.grant.expires_at + SECOND
    assert create_token(managing, "same", team="web", workflow="dev", scopes=["admin", "read"])
    for wider in (
        {"scopes": ["read", "work"]},
        {"team": "ops"},
        {"workflow": "docs"},
        {"lifetime": timedelta(hours=3)},
    ):
        with pytest.raises(NotAllowed) as caught:
            create_token(managing, "wider", **wider)
        assert caught.value.code == "wider-token"


def test_list_has_ones_own_and_everybodys_for_administrators(mei, root):
    create_token(mei, "a")
    ended, _text = create_token(mei, "b")
    revoke_token(mei, ended.token_key)
    create_token(root, "c")
    assert [row.name for row in list_tokens(mei)] == ["b", "a"]
    assert [row.name for row in list_tokens(root)] == ["c"]
    assert [row.name for row in list_tokens(root, all_users=True)] == ["c", "b", "a"]
    assert [row.name for row in list_tokens(local_actor(), all_users=True)] == ["c", "b", "a"]
    with pytest.raises(NotAllowed):
        list_tokens(mei, all_users=True)


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_one_query(mei, count, django_assert_num_queries):
    team("web", mei)
    for number in range(count):
        create_token(mei, f"t{number}", team="web")
    with django_assert_num_queries(1):
        assert len([token_json(row) for row in list_tokens(mei)]) == count


def test_revoked_is_revoked_once_and_stays_in_the_list(mei):
    row, _text = create_token(mei, "laptop")
    first, changed = revoke_token(mei, row.token_key)
    assert (changed, first.state) == (True, "revoked")
    again, changed = revoke_token(mei, row.token_key)
    assert (changed, again.revoked_at) == (False, first.revoked_at)
    assert [token_json(row)["state"] for row in list_tokens(mei)] == ["revoked"]


def test_expired_is_shown_as_such(mei):
    row, _text = create_token(mei, "laptop")
    ApiToken.objects.update(expiry=timezone.now())
    assert [row.state for row in list_tokens(mei)] == ["expired"]
    assert revoke_token(mei, row.token_key)[0].state == "revoked"


def test_others_token_answers_as_an_unknown_one(mei, root):
    row, _text = create_token(mei, "laptop")
    refusals = []
    for token_id in (row.token_key, "vcf_00000000000", "", "a\x00b", row.digest):
        with pytest.raises(NotFound) as caught:
            revoke_token(person("bo"), token_id)
        refusals.append(caught.value.message.replace(token_id or "''", "X"))
    assert len(set(refusals)) == 1
    assert revoke_token(root, row.token_key)[1]


def test_beginning_of_an_id_names_a_token_where_that_is_allowed(mei):
    row, _text = create_token(mei, "a")
    with pytest.raises(NotFound):
        find_token(mei, row.token_key[:-1])
    assert find_token(mei, row.token_key[:-1], abbreviated=True) == row
    create_token(mei, "b")
    with pytest.raises(Ambiguous) as caught:
        find_token(mei, "vcf_", abbreviated=True)
    assert sorted(found["name"] for found in caught.value.details["candidates"]) == ["a", "b"]
    with pytest.raises(NotFound):
        find_token(mei, "", abbreviated=True)


@pytest.mark.parametrize(
    ("text", "lifetime"),
    [
        ("30d", timedelta(days=30)),
        (" 12h ", timedelta(hours=12)),
        ("90m", timedelta(minutes=90)),
        ("2w", timedelta(weeks=2)),
        ("0d", timedelta()),
        ("999999w", timedelta(weeks=999_999)),
    ],
)
def test_length_of_time_is_read(text, lifetime):
    assert parse_lifetime(text) == lifetime


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.5h", "30 d", "30D", "٣d", "9999999d", "1d1h", "inf"])
def test_what_is_no_length_of_time_is_refused(text):
    with pytest.raises(InvalidInput):
        parse_lifetime(text)
