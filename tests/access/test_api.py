"""Every cell of the matrix for the API: who may, does; who may not, is refused and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.models import SessionEvent
from tests.access import matrix
from tests.access.api_requests import PLAYS, Play
from tests.access.matrix import BOUNDS, ROLES, SIGNED_IN, Row
from tests.access.world import ALL_SCOPES, Names, World, filled, renamed, stored, taken_back, unknown

pytestmark = pytest.mark.django_db

ROWS = matrix.of_door("api")
REFUSALS = {"403": {"not-allowed", "outside-token"}, "404": {"not-found", "no-active-session"}}


def send(client: Client, row: Row, play: Play, names: Names, **headers: str) -> Any:
    method, path = row.request.split()
    options: dict[str, Any] = {"headers": {**filled(play.headers or {}, names), **headers}}
    if method == "GET":
        return client.get(filled(path, names), filled(play.query or {}, names), **options)
    body = filled(play.body or {}, names)
    return getattr(client, method.lower())(filled(path, names), body, format="json", **options)


def text_of(answer: Any) -> str:
    text: str = answer.getvalue().decode()
    return text


def whole(answer: Any) -> str:
    """All of an answer: status, headers and body."""
    headers = "\n".join(f"{name}: {value}" for name, value in sorted(answer.headers.items()))
    return f"{answer.status_code}\n{headers}\n\n{text_of(answer)}"


def why_not_done(answer: Any, play: Play, names: Names, last_event: int) -> str:
    """What is missing for the request to have had its effect; empty: nothing."""
    if answer.status_code not in (200, 201):
        return f"answered {answer.status_code} {text_of(answer)[:300]}"
    if play.shows and filled(play.shows, names) not in text_of(answer):
        return f"doesn't show {filled(play.shows, names)}"
    if play.done and not play.done(names):
        return "was not done"
    new = SessionEvent.objects.filter(pk__gt=last_event)
    if play.does and play.does not in new.values_list("type", flat=True):
        return f"wrote no event {play.does}"
    if set(new.values_list("actor", "door")) - {(names["username"], "api")}:
        return "was done in another's name"
    return ""


def why_not_refused(world: World, answer: Any, outcome: str, play: Play, names: Names) -> str:
    """What is wrong with the answer to who may not."""
    told = f"answered {answer.status_code} {text_of(answer)[:300]}"
    if outcome.startswith("each-"):
        return _why_not_each(answer, outcome.removeprefix("each-")) and told
    if outcome == "empty":
        leaked = [key for key in world.session_ids() if key in text_of(answer)]
        shown = not play.body and filled(play.shows, names) in text_of(answer)
        return told if answer.status_code != 200 or leaked or shown else ""
    if answer.status_code != int(outcome) or answer.headers["Content-Type"] != "application/problem+json":
        return told
    body = answer.json()
    is_right = body["code"] in REFUSALS.get(outcome, {body["code"]}) and body["fix"]
    return "" if is_right else told


def _why_not_each(answer: Any, status: str) -> bool:
    if answer.status_code != 200:
        return True
    results = answer.json()["results"]
    codes = {row["code"] for row in results}
    return (
        not results
        or not codes <= REFUSALS[status]
        or {row.get("outcome", "refused") for row in results} != {"refused"}
    )


def differs_from_unknown(client: Client, row: Row, play: Play, names: Names, answer: Any, **headers: str) -> str:
    """How what isn't seen is told from what isn't there."""
    others = unknown(names)
    other = renamed(whole(send(client, row, play, others, **headers)), names, others)
    return "" if other == whole(answer) else f"unlike an unknown one:\n{whole(answer)}\n---\n{other}"


def last_event() -> int:
    return SessionEvent.objects.order_by("pk").values_list("pk", flat=True).last() or 0


class Walk:
    """Goes through a row's cells and keeps what is wrong."""

    def __init__(self, world: World, row: Row) -> None:
        self.world, self.row, self.play = world, row, PLAYS[row.key]
        self.wrong: list[str] = []

    def must(self, who: str, client: APIClient, role: str, outcome: str) -> None:
        """Whether ``client``, which is that role's, meets the outcome."""
        names = self.world.names_for(role, self.play.scene)
        problem = self._does(client, names) if outcome == "ok" else self._is_refused(client, names, outcome)
        if problem:
            self.wrong.append(f"{who} should be answered {outcome}: {problem}")

    def lacks(self, who: str, client: APIClient, role: str, scope: str) -> None:
        """Whether ``client`` is refused for want of a scope."""
        names = self.world.names_for(role, self.play.scene)
        answer = send(client, self.row, self.play, names)
        body = answer.json() if answer.headers["Content-Type"] == "application/problem+json" else {}
        told = (answer.status_code, body.get("code"), body.get("details", {}).get("scope"))
        if told != (403, "missing-scope", scope):
            self.wrong.append(f"{who} should lack {scope}: {told} {text_of(answer)[:300]}")

    def is_blind(self, who: str, client: APIClient, role: str) -> None:
        """Whether what ``client`` doesn't see is told from what isn't there by nothing, whatever the refusal."""
        names = self.world.names_for(role, self.play.scene)
        for headers in ({}, {"If-Match": '"1"', "Idempotency-Key": "k"}):
            answer = send(client, self.row, self.play, names, **headers)
            problem = differs_from_unknown(client, self.row, self.play, names, answer, **headers)
            if problem:
                self.wrong.append(f"{who} is answered {problem}")

    def _does(self, client: APIClient, names: Names) -> str:
        with taken_back():
            before = last_event()
            return why_not_done(send(client, self.row, self.play, names), self.play, names, before)

    def _is_refused(self, client: APIClient, names: Names, outcome: str) -> str:
        answer = send(client, self.row, self.play, names)
        problem = why_not_refused(self.world, answer, outcome, self.play, names)
        if outcome.endswith("404") and not problem:
            problem = differs_from_unknown(client, self.row, self.play, names, answer)
        return problem

    def changes_nothing(self, before: Any) -> None:
        """Whether all that was refused left the tables as they were."""
        after = stored()
        changed = [label for label in before if before[label] != after[label]]
        if changed:
            self.wrong.append(f"somebody who is refused changed {changed}")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_cells_of_people_are_true(world: World, row: Row) -> None:
    """By a browser's sign-in and by a token with every scope alike."""
    walk, before = Walk(world, row), stored()
    for role in row.roles(*matrix.OUTCOMES["api"]):
        walk.must(role, world.client(role), role, row.cells[role])
        if role in (*SIGNED_IN, "disabled"):
            walk.must(f"{role} with a token", world.token_client(role), role, row.cells[role])
    walk.changes_nothing(before)
    assert walk.wrong == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_cells_of_tokens_are_true(world: World, row: Row) -> None:
    """With the scopes that are needed and no other it is done, without one of them it isn't, by the least role."""
    least = next(role for role in ROLES if row.cells[role] == "ok")
    clients = {scope: world.token_client(least, set(ALL_SCOPES) - {scope}) for scope in row.scopes}
    bound = {name: world.token_client("admin", **{name: True}) for name in BOUNDS}
    blind = world.token_client("stranger", ["webhook"])
    enough = world.token_client(least, row.scopes)
    walk, before = Walk(world, row), stored()
    walk.must("the least token", enough, least, "ok")
    for scope, client in clients.items():
        walk.lacks(f"{least} without {scope}", client, least, scope)
    for name, client in bound.items():
        walk.must(f"a token for the {name}", client, "admin", row.cells[name])
    if row.cells["stranger"] == "404":
        walk.is_blind("a stranger with a useless token", blind, "stranger")
        walk.is_blind("a stranger with headers", world.client("stranger"), "stranger")
    walk.changes_nothing(before)
    assert walk.wrong == []
