"""A token ends with the one that it was made with."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.actors import Actor
from sessions_app.api.authentication import grant_of
from sessions_app.exceptions import NotAllowed
from sessions_app.models import ApiToken
from sessions_app.tokens import create_token, list_tokens, revoke_token
from tests.factories import person

pytestmark = pytest.mark.django_db


def made(maker, name):
    return create_token(maker, name, scopes=["read", "admin"])[0]


def using(row):
    return Actor(row.user, "api", grant=grant_of(row))


def states(actor):
    return {row.name: row.state for row in list_tokens(actor)}


def test_revoking_a_token_revokes_what_was_made_with_it_and_with_those():
    mei = person("mei")
    first = made(mei, "first")
    second = made(using(first), "second")
    made(using(first), "twin")
    made(using(second), "third")
    made(mei, "other")
    assert revoke_token(mei, first.token_key)[1]
    assert states(mei) == {
        "first": "revoked",
        "second": "revoked",
        "twin": "revoked",
        "third": "revoked",
        "other": "active",
    }


def test_revoking_a_token_leaves_the_one_that_it_was_made_with():
    mei = person("mei")
    first = made(mei, "first")
    second = made(using(first), "second")
    revoke_token(using(second), second.token_key)
    assert states(mei) == {"first": "active", "second": "revoked"}


def test_end_goes_through_tokens_that_ended_before():
    mei = person("mei")
    first = made(mei, "first")
    second = made(using(first), "second")
    made(using(second), "third")
    ApiToken.objects.filter(pk=second.pk).update(expiry=timezone.now() - timedelta(days=1), revoked_at=timezone.now())
    ApiToken.objects.filter(pk=first.pk).update(revoked_at=timezone.now())
    assert not revoke_token(mei, first.token_key)[1]
    assert states(mei)["third"] == "revoked"


def test_long_line_of_tokens_ends_as_well():
    mei = person("mei")
    first = before = made(mei, "first")
    for number in range(1200):
        before = ApiToken(
            digest=f"d{number}", token_key=f"k{number}", name=f"n{number}", user=mei.user, created_by=mei.user,
            made_with=before,
        )  # fmt: skip
        before.save(force_insert=True)
    revoke_token(mei, first.token_key)
    assert not ApiToken.objects.filter(revoked_at=None).exists()


def test_token_that_is_revoked_meanwhile_makes_no_other():
    mei = person("mei")
    first = made(mei, "first")
    still_going = using(first)
    revoke_token(mei, first.token_key)
    with pytest.raises(NotAllowed, match="was revoked"):
        made(still_going, "second")
    assert ApiToken.objects.count() == 1


def test_others_token_made_with_an_administrators_ends_with_it():
    root = person("root", is_superuser=True)
    mei = person("mei")
    first = made(root, "first")
    create_token(using(first), "for mei", user="mei")
    revoke_token(root, first.token_key)
    assert states(mei) == {"for mei": "revoked"}
