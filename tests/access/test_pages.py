"""Every cell of the matrix for the admin's pages and the few others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Any, NamedTuple

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from sessions_app.models import ApiToken, FlowSession, SavedView, WorkflowDefinition
from status_bridge.models import Subscription
from tests.access import acts, matrix
from tests.access.api_requests import is_passed_over, is_pinged, is_sent_again, is_unsubscribed
from tests.access.matrix import SIGNED_IN, Row
from tests.access.world import PEOPLE, SECRET, Names, World, filled, renamed, stored, taken_back, unknown

pytestmark = pytest.mark.django_db

ROWS = matrix.of_door("admin")
PAGES = [row for row in ROWS if "*" not in row.request]
EVERYWHERE = [row for row in ROWS if "*" in row.request]


def is_on(names: Names) -> bool:
    return Subscription.objects.get(pk=names["webhook_id"]).is_active


def is_off(names: Names) -> bool:
    return not is_on(names)


_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')


class Page(NamedTuple):
    """What stands in place of ``{object_id}``, and what the row's own page shows."""

    object_id: str
    shows: str = ""


MODELS: Mapping[str, Page] = {
    "auth/group": Page("{group_id}", "others"),
    "auth/user": Page("{user_id}", "li"),
    "sessions_app/apitoken": Page("{token_id}", "{token_id}"),
    "sessions_app/flowsession": Page("{session_id}", "{session_id}"),
    "sessions_app/sessionevent": Page("{event_id}", "session.created"),
    "sessions_app/tombstone": Page("{tombstone_id}", "{tombstone_id}"),
    "sessions_app/workflowdefinition": Page("{workflow_id}", "Development"),
    "sessions_app/workflowversion": Page("{version_id}", "dev@1"),
    "stages_app/stageinstance": Page("{stage_instance_id}", "{session_id}"),
    "status_bridge/subscription": Page("{webhook_id}", "{webhook_id}"),
    "status_bridge/conflict": Page("{conflict_id}", "{session_id}"),
    "status_bridge/statusentry": Page("{status_id}", "{session_id}"),
}

SEARCHED = {
    "flowsession": "{session_id}",
    "sessionevent": "{session_id}",
    "stageinstance": "{stage_instance_id}",
    "subscription": "{webhook_id}",
    "conflict": "{session_id}",
    "statusentry": "{status_id}",
    "tombstone": "{tombstone_id}",
}

DONE = {
    "delete": is_unsubscribed,
    "on": is_on,
    "off": is_off,
    "ping": is_pinged,
    "replay": is_sent_again,
    "skip": is_passed_over,
}
"""What buttons of webhooks do, by the end of their address."""

IS_REFUSED = "vc-paused"
"""The look of a refusal on the pages for many sessions."""

DEFINED = {
    "start": lambda names: FlowSession.objects.filter(workflow=names["workflow_id"], team=None).exists(),
    "retire": lambda names: WorkflowDefinition.objects.get(pk=names["workflow_id"]).retired_at is not None,
}
"""What buttons of workflows do."""

SIGNING = ("GET /admin/login/", "POST /admin/logout/")
"""Whoever they are."""

FORMS: Mapping[str, Mapping[str, str]] = {
    "all that fit": {"verb": "pause", "all": "1", "query": "q={session_id}"},
    "the deed": {"verb": "pause", "do": "1", "key": "once", "ids": "{session_id}", "reason": "so"},
    "/admin/sessions_app/flowsession/views/": {"name": "New", "query": "whose=mine"},
}
"""What a form sends, by the case or the address."""

VALUES = {"url": "nothing/here", "uid": "MQ", "token": "none", "content_type_id": "{content_type_id}"}


def page_of(row: Row) -> Page:
    model = "/".join(row.request.split()[1].split("/")[2:4])
    return MODELS.get(model, Page("{session_id}"))


def names_of(world: World, row: Row) -> dict[str, str]:
    names = world.names_for("admin", acts.scene_of(row) if acts.is_act(row) else "building")
    return {**names, "content_type_id": str(ContentType.objects.get_for_model(FlowSession).pk)}


def ask(client: Client, row: Row, names: Names, *, follow: bool = False) -> Any:
    method, path = row.request.split()
    page = page_of(row)
    label = row.case.partition("; ")[2]
    own = {"object_id": quote(filled(page.object_id, names)), "app_label": label, "file_format": label, "verb": label}
    values = {**VALUES, **own, "id": "{user_id}"}
    path = filled(filled(path, values), names)
    if method == "POST":
        given = (acts.form_of(row) if acts.is_act(row) else FORMS.get(label)) or FORMS.get(path) or {}
        return client.post(path, {"post": "yes", "reason": "so", **filled(given, names)}, follow=follow)
    query = {"q": filled(SEARCHED[path.split("/")[3]], names)} if label == "search" else {}
    return client.get(path, query, follow=follow)


def text_of(answer: Any) -> str:
    """The page or file, without the proof of its form, which is new each time."""
    if answer.streaming:
        answer.streaming_content = [content := b"".join(answer.streaming_content)]
        return content.decode()
    return _CSRF.sub("", answer.content.decode())


def why_not(world: World, client: Client, row: Row, outcome: str, names: Names) -> str:
    """What is wrong with the answer."""
    answer = ask(client, row, names, follow=outcome == "gone")
    told = f"answered {answer.status_code} {answer.headers.get('Location', '')}"
    leaked = [key for key in world.session_ids() if key in text_of(answer)]
    match outcome:
        case "ok":
            return "" if _is_done(answer, row, names) else told
        case "empty":
            if row.case.endswith("search"):
                return _unlike_an_unknown_one(client, row, names, answer)
            shown = [text for text in (SECRET, _shown(row, names)) if text in text_of(answer)]
            return told if answer.status_code != 200 or leaked or shown else ""
        case "login":
            is_sent = answer.status_code == 302 and answer.headers["Location"].startswith("/admin/login/?next=")
            return "" if is_sent else told
        case "redirect":
            is_elsewhere = answer.status_code in (301, 302) and "/login/" not in answer.headers["Location"]
            return "" if is_elsewhere else told
        case "gone":
            return _unlike_an_unknown_one(client, row, names, answer) or ("" if answer.redirect_chain else told)
        case "each-403":
            return "" if answer.status_code == 200 and IS_REFUSED in text_of(answer) else told
        case "each-404":
            return _unlike_an_unknown_one(client, row, names, answer)
    # The name in the address is the asker's own.
    return "" if answer.status_code == int(outcome) and not set(leaked) - {names["session_id"]} else told


def _is_done(answer: Any, row: Row, names: Names) -> bool:
    if "revoke" in row.request and row.request.startswith("POST"):
        return answer.status_code == 302 and ApiToken.objects.get(token_key=names["token_id"]).state == "revoked"
    method, path = row.request.split()
    kind = path.rstrip("/").rpartition("/")[2]
    if method == "POST" and acts.is_act(row):
        return answer.status_code == 302 and acts.is_done(names)
    if "/flowsession/views/" in path:
        is_kept = SavedView.objects.filter(name="New" if kind == "views" else "Theirs").exists()
        return answer.status_code == 302 and is_kept is (kind == "views")
    if row.case.endswith("the deed"):
        return answer.status_code == 200 and FlowSession.objects.get(pk=names["session_id"]).status == "PAUSED"
    if method == "POST" and "/workflowdefinition/" in path and kind in DEFINED:
        return answer.status_code == 302 and DEFINED[kind](names)
    if method == "POST" and kind in DONE:
        return answer.status_code == 302 and DONE[kind](names)
    if method == "POST" and kind == "resume":
        return answer.status_code == 302
    if method == "POST" and kind == "rotate":
        return "whsec_" in text_of(answer)
    if kind == "live":
        return answer.status_code == 204  # under WSGI there is nothing to wait for
    return answer.status_code == 200 and _shown(row, names) in text_of(answer)


def _shown(row: Row, names: Names) -> str:
    """What proves that a page is the right one: its own text, in a list the link to it."""
    page, kind = page_of(row), row.request.rstrip("/").rpartition("/")[2]
    if kind in ("bulk", "{file_format}") or acts.is_act(row):
        return names["session_id"]
    if kind in {model.split("/")[1] for model in MODELS}:
        return filled(page.shows, names) if kind == "apitoken" else f"/{quote(filled(page.object_id, names))}/change/"
    if kind == "stats":
        return "/stats/dev/"
    return filled(page.shows, names) if kind in ("change", "revoke") else ""


def _unlike_an_unknown_one(client: Client, row: Row, names: Names, answer: Any) -> str:
    others = unknown(names)
    other = ask(client, row, others, follow=True)
    pages = (text_of(answer), renamed(text_of(other), names, others))
    return "" if pages[0] == pages[1] else f"unlike an unknown one:\n{pages[0]}\n---\n{pages[1]}"


@pytest.fixture
def staff(world: World) -> World:
    """The same people, who may all see vcflow's pages of the admin."""
    User.objects.filter(username__in=PEOPLE.values()).update(is_staff=True)
    seen = Permission.objects.filter(
        content_type__app_label__in=["sessions_app", "stages_app", "status_bridge"], codename__startswith="view_"
    )
    for role in SIGNED_IN:
        world.user(role).user_permissions.add(*seen)
    return world


@pytest.mark.parametrize("row", PAGES, ids=lambda row: row.name)
def test_cells_of_pages_are_true(staff: World, row: Row) -> None:
    wrong, before, names = [], stored(), names_of(staff, row)
    for role in row.roles(*matrix.OUTCOMES["admin"]):
        with taken_back():
            problem = why_not(staff, staff.client(role, Client), row, row.cells[role], names)
            if row.cells[role] != "ok" and stored() != before:
                problem += " and changed something"
        if problem:
            wrong.append(f"{role} should be answered {row.cells[role]}: {problem}")
    assert "\n".join(wrong) == ""


def told_before(row: Row, role: str) -> str:
    """What Django answers before it asks for a permission, else the refusal."""
    looks_first = row.request.endswith("/history/") and row.cells[role] == "gone"
    is_old_address = row.request.endswith("/{object_id}/") and row.cells[role] == "redirect"
    return row.cells[role] if looks_first or is_old_address else "403"


@pytest.mark.parametrize("rule", EVERYWHERE, ids=lambda row: row.name)
def test_cells_of_all_pages_are_true(world: World, rule: Row) -> None:
    if rule.case == "staff without permissions":
        User.objects.filter(username__in=PEOPLE.values()).update(is_staff=True)
    wrong, before = [], stored()
    for row in PAGES:
        if not fnmatch(row.request, rule.request) or row.request in SIGNING:
            continue
        names = names_of(world, row)
        for role in set(SIGNED_IN) - {"admin"}:
            outcome = told_before(row, role) if rule.cells[role] == "403" else rule.cells[role]
            problem = why_not(world, world.client(role, Client), row, outcome, names)
            if problem:
                wrong.append(f"{row.name}: {role} should be answered {outcome}: {problem}")
    assert "\n".join(wrong) == ""
    assert stored() == before
