"""What is done to a workflow in the admin: start a session of it, export it, retire it, delete it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.admin.utils import quote, unquote
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from sessions_app import publishing
from sessions_app.access import require_general
from sessions_app.actors import Actor
from sessions_app.admin.pages import Pages
from sessions_app.admin.parts import actor_of, may_look
from sessions_app.definitions import export as writers
from sessions_app.exceptions import FlowError
from sessions_app.idempotency import AlreadyAnswered, Idempotency, fingerprint
from sessions_app.language import gettext
from sessions_app.masking import shown
from sessions_app.models import FlowSession, WorkflowDefinition
from sessions_app.permissions import Role
from sessions_app.services import FlowSessionManager
from sessions_app.versions import definition_of

_PAGE = "admin:sessions_app_workflowdefinition_change"
_LIST = "admin:sessions_app_workflowdefinition_changelist"
_SESSION = "admin:sessions_app_flowsession_change"

_ACTS: dict[str, dict[str, Any]] = {
    "start": {
        "title": _("Start a session"),
        "about": _("A new session of the newest version begins at once. It is yours."),
    },
    "retire": {
        "title": _("Retire"),
        "about": _("It starts no new sessions; those it has go on. Importing a changed version puts it back into use."),
        "is_danger": True,
    },
    "delete": {
        "title": _("Delete"),
        "about": _("The workflow and all its versions are removed for good. One that has sessions can't be deleted."),
        "is_danger": True,
    },
}

VERBS = tuple(_ACTS)
"""What the pages of a workflow do, each by an address of its own."""


class WorkflowActs(Pages):
    """Stands before ``ModelAdmin``."""

    def acts_of(self, request: HttpRequest, workflow: WorkflowDefinition) -> list[dict[str, Any]]:
        """What the reader may do to it now, besides reading."""
        return [_act(verb, workflow) for verb in _verbs(actor_of(request), workflow)]

    def start_form(self, request: HttpRequest, workflow: WorkflowDefinition) -> dict[str, Any]:
        """What the form for a new session offers; its key makes a second click do nothing."""
        actor = actor_of(request)
        return {"key": uuid.uuid4().hex, "teams": _teams(actor), "name": shown(workflow.display_name)}

    def act_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """Ask, then do."""
        self.admit(request)
        actor = actor_of(request)
        if verb != "start" and not actor.rights.may_define:
            raise PermissionDenied
        try:
            workflow = publishing.get_workflow(unquote(object_id))
        except FlowError as error:
            self.refused(request, error)
            return redirect(_LIST)
        if request.method != "POST":
            act = _act(verb, workflow)
            start = self.start_form(request, workflow)
            template = "sessions_app/workflow_act.html"
            return self.page(request, template, act["title"], workflow=workflow, act=act, start=start)
        try:
            return self._do(request, actor, workflow, verb)
        except FlowError as error:
            self.refused(request, error)
            return redirect(_PAGE, quote(workflow.pk))

    def _do(self, request: HttpRequest, actor: Actor, workflow: WorkflowDefinition, verb: str) -> HttpResponse:
        if verb == "start":
            return self._start(request, actor, workflow)
        if verb == "delete":
            publishing.delete_workflow(actor, workflow.pk)
            self.told(request, gettext("The workflow {id} was deleted.").format(id=workflow.pk))
            return redirect(_LIST)
        _row, changed = publishing.retire(actor, workflow.pk)
        done = gettext("Retired: {id}; its sessions go on, new ones don't start.")
        self.told(
            request, (done if changed else gettext("The workflow {id} was retired already.")).format(id=workflow.pk)
        )
        return redirect(_PAGE, quote(workflow.pk))

    def _start(self, request: HttpRequest, actor: Actor, workflow: WorkflowDefinition) -> HttpResponse:
        name, team = request.POST.get("name", "").strip() or None, request.POST.get("team") or None
        request_print = fingerprint([workflow.pk, name, team])
        # A form that was changed and sent again is another request.
        key = f"{request.POST.get('key') or uuid.uuid4().hex}-{request_print[:16]}"
        once = Idempotency(key, request_print, _answer)
        try:
            made = FlowSessionManager(actor, idempotency=once).create_session(workflow.pk, name, team=team).pk
        except AlreadyAnswered as again:
            made = again.answer["id"]
        self.told(request, gettext("The session {id} was started.").format(id=made))
        is_shown = may_look(request.user, FlowSession)
        return redirect(_SESSION, quote(made)) if is_shown else redirect(_PAGE, quote(workflow.pk))

    def export_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A version as a file that can be imported again."""
        self.admit(request)
        actor = actor_of(request)
        wanted = request.GET.get("version", "")
        number = int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 10 else None
        try:
            require_general(actor, "export-workflows")
            definition = definition_of(publishing.get_workflow(unquote(object_id)), number)
        except FlowError as error:
            self.refused(request, error)
            return redirect(_LIST)
        is_json = request.GET.get("as") == "json"
        text = writers.to_json(definition) if is_json else writers.to_yaml(definition)
        name = f"{definition.id}.{'json' if is_json else 'yaml'}"
        kind = "application/json" if is_json else "text/yaml"
        disposition = f'attachment; filename="{name}"'
        return HttpResponse(text, content_type=f"{kind}; charset=utf-8", headers={"Content-Disposition": disposition})


def _act(verb: str, workflow: WorkflowDefinition) -> dict[str, Any]:
    return {"verb": verb, "address": reverse(f"admin:{verb}-workflow", args=[quote(workflow.pk)]), **_ACTS[verb]}


def _verbs(actor: Actor, workflow: WorkflowDefinition) -> list[str]:
    start = [] if workflow.retired_at else ["start"]
    if not actor.rights.may_define:
        return start
    has_sessions = workflow.sessions.exists()
    return [*start, *([] if workflow.retired_at else ["retire"]), *([] if has_sessions else ["delete"])]


def _teams(actor: Actor) -> list[tuple[str, str]]:
    """The names, and how they are shown, of the teams that the actor may make a session in."""
    teams = Group.objects.order_by("name")
    if not actor.rights.is_admin:
        teams = teams.filter(pk__in=[key for key, role in actor.rights.teams.items() if role >= Role.OPERATOR])
    return [(name, shown(name)) for name in teams.values_list("name", flat=True)]


def _answer(flow_session: FlowSession, _outcome: object) -> dict[str, Any]:
    return {"id": flow_session.pk}
