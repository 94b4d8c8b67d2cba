"""The admin's pages for savepoints: take one, see what restoring would change, restore, fork."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from sessions_app import access
from sessions_app.actors import Actor
from sessions_app.admin.parts import actor_of
from sessions_app.admin.savepoint_acts import WORDS, offered_for, savepoint_act, savepoint_address, take_act
from sessions_app.admin.session_acts import Answers, is_asked_again, page_of
from sessions_app.capturing import capture
from sessions_app.exceptions import FlowError, InvalidInput, NotFound
from sessions_app.language import gettext as _
from sessions_app.lookup import get_session
from sessions_app.masking import shown
from sessions_app.models import Savepoint
from sessions_app.savepoints import SavepointManager, state_of
from sessions_app.state_diff import compared, lines
from sessions_app.words import savepoint_taken, session_state

MOST_LINES = 200


class SavepointPages(Answers):
    """The addresses below a session's; stands before ``ModelAdmin`` and before what takes every address."""

    def savepoint_urls(self) -> list[URLPattern]:
        """Where savepoints are taken, looked at, restored and forked."""
        take: Any = self.admin_site.admin_view(self.take_view)
        look: Any = self.admin_site.admin_view(self.savepoint_view)
        do: Any = self.admin_site.admin_view(self.savepoint_do)
        one = "<path:object_id>/savepoints/<int:number>/"
        return [
            path("<path:object_id>/savepoints/take/", take, name="session-savepoint-take"),
            path(one, look, name="session-savepoint"),
            path(f"{one}do/<str:verb>/", do, name="session-savepoint-do"),
        ]

    def take_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a note, or take it and show the session."""
        self.admit(request)
        actor, session_id = actor_of(request), unquote(object_id)
        try:
            flow_session = get_session(actor, session_id)
            if request.method != "POST":
                access.require(actor, "savepoint", flow_session)
                return self.question(request, flow_session, take_act(flow_session))
            manager = SavepointManager(actor)
            made = manager.create_savepoint(session_id, request.POST.get("note", ""))
            self.tell_outcome(request, manager, _("Savepoint taken: {id}").format(id=made.pk))
        except NotFound as refusal:
            return self.refused_at(request, refusal)
        except FlowError as refusal:
            return self.refused_at(request, refusal, page_of(session_id))
        return redirect(page_of(session_id))

    def savepoint_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        """What restoring would change, and what can be done."""
        self.admit(request)
        actor, session_id = actor_of(request), unquote(object_id)
        try:
            savepoint = _find(actor, session_id, number)
            found = compared(capture(savepoint.session), state := state_of(savepoint))
        except NotFound as refusal:
            return self.refused_at(request, refusal)
        except FlowError as refusal:
            return self.refused_at(request, refusal, page_of(session_id))
        return self.page(
            request,
            "sessions_app/savepoint.html",
            _("Savepoint {number}").format(number=savepoint.seq),
            savepoint=savepoint,
            flow_session=savepoint.session,
            session_url=page_of(session_id),
            taken=savepoint_taken(savepoint.kind, savepoint.verb, savepoint.stage_id),
            note=shown(savepoint.note),
            then=session_state(state["session"]["status"]),
            differences=list(lines(found, MOST_LINES)),
            acts=offered_for(actor, savepoint),
        )

    def savepoint_do(self, request: HttpRequest, object_id: str, number: int, verb: str) -> HttpResponse:
        """Ask, or restore or fork and show the session."""
        self.admit(request)
        if verb not in WORDS:
            raise Http404
        actor, session_id = actor_of(request), unquote(object_id)
        try:
            savepoint = _find(actor, session_id, number)
        except NotFound as refusal:
            return self.refused_at(request, refusal)
        try:
            access.require(actor, verb, savepoint.session)
            if request.method == "POST":
                return self._did(request, actor, savepoint, verb)
        except FlowError as refusal:
            if request.method != "POST" or not is_asked_again(request, refusal):
                return self.refused_at(request, refusal, savepoint_address(savepoint))
            self.refused(request, refusal)
        act = savepoint_act(savepoint, verb).filled(request.POST.dict())
        return self.question(request, savepoint.session, act, back=savepoint_address(savepoint))

    def _did(self, request: HttpRequest, actor: Actor, savepoint: Savepoint, verb: str) -> HttpResponse:
        manager = SavepointManager(actor)
        if verb == "restore":
            done = manager.restore_savepoint(savepoint.pk, reason=_reason(request))
            told = _("The session {id} was put back to savepoint {number}.").format(id=done.pk, number=savepoint.seq)
        else:
            done = manager.fork_savepoint(savepoint.pk, request.POST.get("name", "").strip() or None)
            told = _("The session {id} goes on from savepoint {savepoint}.").format(id=done.pk, savepoint=savepoint.pk)
        self.tell_outcome(request, manager, told)
        return redirect(page_of(done.pk))


def _reason(request: HttpRequest) -> str:
    """Why; the page asks for it, though other doors may restore without."""
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise InvalidInput(
            _("The reason is missing."),
            fix=_("Say why the session is put back."),
            code="reason-required",
            field="reason",
        )
    return reason


def _find(actor: Actor, session_id: str, number: int) -> Savepoint:
    return SavepointManager(actor).get_savepoint(f"{session_id}@{number}")
