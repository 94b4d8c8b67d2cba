"""Subscriptions: who may make which, what they keep, and how they are found and changed."""

import pytest
from django.contrib.auth import get_user_model

from sessions_app.actors import Grant, local_actor
from sessions_app.exceptions import Ambiguous, Conflict, InvalidInput, NotAllowed, NotFound
from sessions_app.models import SessionEvent
from status_bridge import signing, subscriptions
from status_bridge.models import Delivery, Subscription
from status_bridge.sealing import unseal
from status_bridge.subscription_events import EVENT_TYPES, clean_events
from status_bridge.subscription_json import masked_url, subscription_json
from status_bridge.subscription_secrets import owner_actor, target_of
from status_bridge.subscriptions import why_not_allowed
from tests.architecture.test_docs import recorded_events
from tests.factories import new_session, permission, person, publish_workflow, team

pytestmark = pytest.mark.django_db

URL = "https://board.example.com/hooks?token=hunter2&team=a"
SCOPES = frozenset({"read", "webhook"})


def made(actor=None, **given):
    return subscriptions.create(actor or person("mei"), **{"name": "board", "url": URL, **given})


def refusal_of(error, call, *args, **given):
    with pytest.raises(error) as refused:
        call(*args, **given)
    return refused.value


def admin(name="root"):
    get_user_model().objects.create_superuser(name)
    return person(name)


def operator(name, *teams):
    """Somebody who operates teams in which others only look on."""
    found = person(name, watches=teams)
    found.user.user_permissions.add(permission("operate_sessions"))
    return found


def token(**bounds):
    return Grant("t", SCOPES, **bounds)


# What is made


def test_a_subscription_tells_of_its_owners_sessions_by_default():
    row, secret = made()
    assert (row.kind, row.reach, row.events, row.owner.username, row.is_active) == ("webhook", "own", [], "mei", True)
    assert signing.check_secret(secret) == secret
    assert why_not_allowed(row) == ""


def test_the_secret_is_sealed_and_stands_nowhere_else():
    row, secret = made()
    stored = Subscription.objects.filter(pk=row.pk).values().get()
    assert secret not in str(stored)
    assert secret.removeprefix("whsec_") not in str(stored)
    assert unseal(stored["sealed"]) == {"secret": secret}
    assert secret not in f"{subscription_json(row)}{row!r}{target_of(row)!r}"


def test_a_secret_may_be_given():
    given = signing.new_secret()
    assert made(secrets={"secret": given})[1] == given
    assert refusal_of(InvalidInput, made, secrets={"secret": "password"}).details["field"] == "secrets.secret"


@pytest.mark.parametrize("name", ["previous", "previous_until", "scopes"])
def test_what_is_kept_beside_a_secret_is_not_given(name):
    refusal_of(InvalidInput, made, secrets={name: "x"})


@pytest.mark.parametrize(
    "url", ["http://example.com/", "https://127.0.0.1/", "https://localhost/", "https://u:p@x.example/", "ftp://x/", ""]
)
def test_an_address_that_leads_inside_is_refused(url):
    assert refusal_of(InvalidInput, made, url=url).code == "unsafe-address"
    assert not Subscription.objects.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "pigeon"}, "kind"),
        ({"events": ["session.dances"]}, "events"),
        ({"events": ["nothing.*"]}, "events"),
        ({"events": ["session.[a-z]*"]}, "events"),
        ({"events": "session.*"}, "events"),
        ({"events": [7]}, "events"),
        ({"events": ["*"] * 101}, "events"),
        ({"options": {"colour": "red"}}, "options.colour"),
        ({"secrets": {"token": "x"}}, "secrets.token"),
        ({"reach": "world"}, "reach"),
        ({"reach": "team"}, "team"),
    ],
)
def test_what_can_not_work_is_refused(given, field):
    assert refusal_of(InvalidInput, made, **given).details["field"] == field
    assert not Subscription.objects.exists()


def test_every_event_that_is_recorded_may_be_asked_for():
    assert recorded_events() | set(SessionEvent.objects.values_list("type", flat=True)) <= set(EVENT_TYPES)
    assert clean_events(EVENT_TYPES) == list(EVENT_TYPES)
    assert clean_events(["session.*", "stage.*", "*", "session.*"]) == ["session.*", "stage.*", "*"]


def test_nobody_keeps_more_than_fifty(monkeypatch):
    monkeypatch.setattr(subscriptions, "MOST_PER_OWNER", 2)
    made(), made()
    assert refusal_of(Conflict, made).code == "too-many-webhooks"
    made(person("wang"))


# Who may make which


def test_a_team_is_told_of_by_its_operators_alone():
    row, _secret = made(operator("wang", "platform"), team="platform")
    assert (row.reach, row.team.name, why_not_allowed(row)) == ("team", "platform", "")
    refusal_of(NotAllowed, made, person("li", watches=["platform"]), team="platform")
    refusal_of(NotFound, made, person("zhao"), team="platform")


def test_all_sessions_are_told_of_by_administrators_and_whoever_sits_here():
    assert refusal_of(NotAllowed, made, reach="all").code == "not-allowed"
    for actor in (admin(), local_actor()):
        assert why_not_allowed(made(actor, reach="all")[0]) == ""


def test_a_team_and_another_reach_contradict_each_other():
    refusal_of(InvalidInput, made, admin(), reach="all", team="platform")
    refusal_of(InvalidInput, made, reach="own", team="platform")


def test_a_workflow_is_one_that_is_there():
    publish_workflow()
    assert made(workflow="dev")[0].workflow_id == "dev"
    refusal_of(NotFound, made, workflow="nowhere")


def test_a_token_needs_the_scope():
    bare = person("mei", grant=Grant("t", frozenset({"read", "work", "admin"})))
    for call in (made, lambda actor: list(subscriptions.list_subscriptions(actor))):
        assert refusal_of(NotAllowed, call, bare).code == "missing-scope"


def test_a_token_for_a_team_makes_and_sees_that_teams_alone():
    mei = person("wang", operates=["platform", "others"])
    bound = person("wang", grant=token(team_id=team("platform").pk))
    ours, _secret = made(bound)
    theirs, own = made(mei, team="others")[0], made(mei)[0]
    assert (ours.reach, ours.team.name) == ("team", "platform")
    assert list(subscriptions.list_subscriptions(bound)) == [ours]
    for row in (theirs, own):
        refusal_of(NotFound, subscriptions.find, bound, row.pk)
    for given in ({"reach": "own"}, {"team": "others"}):
        assert refusal_of(NotAllowed, made, bound, **given).code == "outside-token"


def test_a_token_for_a_workflow_makes_and_sees_that_workflows_alone():
    publish_workflow()
    publish_workflow(id="docs")
    bound = person("mei", grant=token(workflow_id="docs"))
    ours, other = made(bound)[0], made(workflow="dev")[0]
    assert ours.workflow_id == "docs"
    assert list(subscriptions.list_subscriptions(bound)) == [ours]
    assert refusal_of(NotAllowed, made, bound, workflow="dev").code == "outside-token"
    refusal_of(NotFound, subscriptions.update, bound, other.pk, name="mine")
    assert refusal_of(NotAllowed, subscriptions.update, bound, ours.pk, workflow="dev").code == "outside-token"


def test_what_others_have_is_seen_by_operators_of_its_team_and_administrators():
    own, of_team = made()[0], made(operator("wang", "platform"), team="platform")[0]
    everything = [of_team, own]
    sees = {
        person("zhao"): [],
        person("li", watches=["platform"]): [],
        person("mei"): [own],
        operator("hua", "platform"): [of_team],
        admin(): everything,
        local_actor(): everything,
    }
    for actor, seen in sees.items():
        assert list(subscriptions.list_subscriptions(actor)) == seen


def test_who_loses_the_right_is_told_why_nothing_is_sent():
    wang = person("wang", operates=["platform"])
    of_team, of_all = made(wang, team="platform")[0], made(admin("boss"), reach="all")[0]
    wang.user.groups.clear()
    get_user_model().objects.filter(username="boss").update(is_superuser=False)
    of_team, of_all = (Subscription.objects.get(pk=row.pk) for row in (of_team, of_all))
    assert "wang" in why_not_allowed(of_team)
    assert "boss" in why_not_allowed(of_all)
    own = made()[0]
    get_user_model().objects.filter(username="mei").update(is_active=False)
    assert "disabled" in why_not_allowed(Subscription.objects.get(pk=own.pk))


# As whom messages from outside act


def test_the_owner_acts_within_the_bounds_of_the_subscription():
    publish_workflow()
    row, _secret = made(person("wang", operates=["platform"]), team="platform", workflow="dev")
    acting = owner_actor(row, submitted_by="x")
    assert (acting.username, acting.door, acting.bounds) == ("wang", "webhook", (row.team_id, "dev"))
    assert acting.grant.scopes == {"read", "work", "decide"}
    assert not acting.is_trusted


def test_a_token_hands_down_the_scopes_that_it_has():
    row, _secret = made(person("mei", grant=Grant("t", frozenset({"webhook", "work", "admin"}))))
    assert owner_actor(row).grant.scopes == {"read", "work"}


def test_whoever_sits_here_acts_as_on_the_command_line():
    assert owner_actor(made(local_actor(), reach="all")[0]).is_trusted
    assert not owner_actor(made()[0]).is_trusted


# Finding


def test_a_subscription_is_found_by_id_beginning_and_name():
    row, _secret = made(name="the board")
    mei = person("mei")
    for reference in (row.pk, row.pk[:8], "the board"):
        assert subscriptions.find(mei, reference, abbreviated=True) == row
    for reference in (row.pk[:8], "the board", "", "wh_\x00", "nothing"):
        refusal_of(NotFound, subscriptions.find, mei, reference)


def test_what_fits_several_is_refused_with_all_of_them():
    rows = {made()[0].pk, made()[0].pk}
    refused = refusal_of(Ambiguous, subscriptions.find, person("mei"), "board", abbreviated=True)
    assert {row["id"] for row in refused.details["candidates"]} == rows


def test_what_is_not_seen_is_told_from_what_is_not_there_by_nothing():
    row, _secret = made()
    unseen = refusal_of(NotFound, subscriptions.find, person("zhao"), row.pk)
    nothing = refusal_of(NotFound, subscriptions.find, person("zhao"), "wh_0")
    assert unseen.message.replace(row.pk, "wh_0") == nothing.message


# Changing


def test_only_what_is_given_changes():
    row, _secret = made(events=["stage.*"])
    after, changed = subscriptions.update(person("mei"), row.pk, name="other", is_active=False)
    assert changed
    assert (after.name, after.is_active, after.events, after.url) == ("other", False, ["stage.*"], URL)
    assert after.updated_at > row.updated_at
    again, changed = subscriptions.update(person("mei"), row.pk, name="other")
    assert (changed, again.updated_at) == (False, after.updated_at)


def test_every_change_is_checked_like_a_new_one():
    row, _secret = made()
    before = Subscription.objects.values().get()
    for given in (
        {"url": "https://10.0.0.1/"},
        {"events": ["x.*"]},
        {"options": {"a": 1}},
        {"secrets": {"secret": "x"}},
        {"secrets": {"previous": "x"}},
        {"colour": "red"},
        {"name": ""},
        {"reach": "team"},
    ):
        refusal_of(InvalidInput, subscriptions.update, person("mei"), row.pk, **given)
    refusal_of(NotAllowed, subscriptions.update, person("mei"), row.pk, reach="all")
    refusal_of(NotFound, subscriptions.update, person("zhao"), row.pk, name="mine")
    assert Subscription.objects.values().get() == before


def test_an_administrator_gives_others_no_more_than_they_may():
    row, _secret = made()
    root = admin()
    refusal_of(NotAllowed, subscriptions.update, root, row.pk, reach="all")
    assert subscriptions.update(root, row.pk, is_active=False)[1]


def test_who_looks_after_a_teams_learns_nothing_of_its_owners_own():
    row, _secret = made(operator("hua", "platform"), team="platform")
    wang = operator("wang", "platform", "others")
    refusal_of(NotAllowed, subscriptions.update, wang, row.pk, reach="own", url="https://wang.example/")
    refusal_of(NotAllowed, subscriptions.update, wang, row.pk, team="others")
    after, _changed = subscriptions.update(wang, row.pk, url="https://wang.example/")
    assert (after.reach, after.team.name) == ("team", "platform")
    assert subscriptions.update(person("hua"), row.pk, reach="own")[0].reach == "own"


def test_the_masked_address_stands_for_itself():
    row, _secret = made()
    shown = subscription_json(row)["url"]
    assert "hunter2" not in shown
    assert shown == "https://board.example.com/hooks?token=••••••&team=••••••"
    assert subscriptions.update(person("mei"), row.pk, url=shown) == (row, False)
    for other in (shown.replace("hooks", "steal"), "https://thief.example/?token=••••••"):
        refused = refusal_of(InvalidInput, subscriptions.update, person("mei"), row.pk, url=other)
        assert refused.code == "masked-value"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://x.example/a", "https://x.example/a"),
        ("https://x.example/a?", "https://x.example/a"),
        ("https://x.example/?secret", "https://x.example/?••••••"),
        ("https://x.example/?a=&b=c=d", "https://x.example/?a=&b=••••••"),
    ],
)
def test_the_values_of_a_query_are_masked(url, shown):
    assert masked_url(url) == shown


def test_the_reach_changes_with_its_team():
    wang = person("wang", operates=["platform"])
    row, _secret = made(wang)
    row, _changed = subscriptions.update(wang, row.pk, team="platform")
    assert (row.reach, row.team.name) == ("team", "platform")
    row, _changed = subscriptions.update(wang, row.pk, reach="own")
    assert (row.reach, row.team) == ("own", None)


# Secrets


def test_a_new_secret_signs_beside_the_one_before():
    row, first = made()
    row, second = subscriptions.rotate_secret(person("mei"), row.pk)
    held = target_of(row).secrets
    headers = signing.sign(held, "m", "{}")
    assert len(headers["webhook-signature"].split()) == 2
    for secret in (first, second):
        signing.verify({"secret": secret}, headers, b"{}")
        assert secret not in str(subscription_json(row))


def test_a_secret_that_is_given_replaces_the_one_before_alike():
    row, first = made()
    given = signing.new_secret()
    row, changed = subscriptions.update(person("mei"), row.pk, secrets={"secret": given})
    assert changed
    assert unseal(row.sealed)["previous"] == first
    assert subscriptions.update(person("mei"), row.pk, secrets={"secret": given}) == (row, False)
    assert refusal_of(InvalidInput, subscriptions.update, person("mei"), row.pk, secrets={"secret": None})


def test_a_token_takes_no_secret_that_may_do_more_than_it():
    row, _secret = made()
    weak = person("mei", grant=Grant("t", SCOPES))
    for call in (
        lambda: subscriptions.rotate_secret(weak, row.pk),
        lambda: subscriptions.update(weak, row.pk, secrets={"secret": signing.new_secret()}),
    ):
        assert refusal_of(NotAllowed, call).code == "missing-scope"
    own, _secret = made(weak)
    after, _secret = subscriptions.rotate_secret(weak, own.pk)
    assert owner_actor(after).grant.scopes == {"read"}


# The end


def test_a_deleted_subscription_takes_its_log_along(monkeypatch):
    monkeypatch.setattr(subscriptions, "DELETED_AT_ONCE", 2)
    row, kept = made(local_actor(), reach="all")[0], made(local_actor(), reach="all")[0]
    new_session()
    new_session()
    new_session()
    assert Delivery.objects.filter(subscription=row).count() == 3
    refusal_of(NotFound, subscriptions.delete, person("zhao"), row.pk)
    subscriptions.delete(local_actor(), row.pk)
    assert [*Subscription.objects.all()] == [kept]
    assert Delivery.objects.count() == Delivery.objects.filter(subscription=kept).count() == 3
