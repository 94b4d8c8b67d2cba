"""What can be done to a session in the admin: each verb asks on a page of its own, and on the session's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.admin.utils import quote, unquote
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from sessions_app import access, machine, progress
from sessions_app.actors import Actor
from sessions_app.admin.act_words import DANGEROUS, LEADING_ON, SESSION_WORDS
from sessions_app.admin.acts import Act, Input, force_input, not_offered, reason_input
from sessions_app.admin.pages import Pages
from sessions_app.admin.parts import actor_of, may_look
from sessions_app.admin.session_form import update_inputs, update_values
from sessions_app.exceptions import FlowError, InvalidInput, NotFound
from sessions_app.language import gettext as _
from sessions_app.lookup import get_session
from sessions_app.machine import SESSION_RULES
from sessions_app.masking import shown
from sessions_app.models import FlowSession
from sessions_app.services import FlowSessionManager, Manager
from sessions_app.words import session_state

LIST = "admin:sessions_app_flowsession_changelist"

Form = Mapping[str, str]


def page_of(session_id: str) -> str:
    """The address of a session's page."""
    return reverse("admin:sessions_app_flowsession_change", args=[quote(session_id)])


def offered(actor: Actor, flow_session: FlowSession) -> list[Act]:
    """The verbs that lead on from the session's state and that the actor may do."""
    return [session_act(flow_session, verb) for verb in access.allowed_actions(actor, flow_session)]


def offered_besides(actor: Actor, flow_session: FlowSession) -> list[Act]:
    """What changes no state: a note, changes of what describes the session, its deletion."""
    has_ended = flow_session.status in machine.ENDED
    may_update = access.may(actor, "update", flow_session) and not has_ended
    possible = {
        "note": access.may(actor, "note", flow_session),
        "update": may_update or access.may(actor, "transfer", flow_session),
        "delete": access.may(actor, "delete", flow_session),
    }
    return [session_act(flow_session, verb, actor) for verb, is_possible in possible.items() if is_possible]


def session_act(flow_session: FlowSession, verb: str, actor: Actor | None = None) -> Act:
    """One thing that can be done to a session."""
    words = SESSION_WORDS[verb]
    return Act(
        key=f"session-{verb}",
        verb=verb,
        address=reverse("admin:session-do", args=[quote(flow_session.pk), verb]),
        title=_(words.title),
        does=_(words.does),
        inputs=_inputs(flow_session, verb, actor),
        is_danger=verb in DANGEROUS,
        is_primary=verb in LEADING_ON,
    )


def _inputs(flow_session: FlowSession, verb: str, actor: Actor | None) -> tuple[Input, ...]:
    if verb == "note":
        return (Input("text", _("Note"), is_required=True, kind="text"),)
    if verb == "update":
        assert actor is not None, "what may be changed depends on who asks"
        return update_inputs(actor, flow_session)
    if verb == "delete":
        confirm = _("Type {id} to confirm").format(id=flow_session.pk)
        return (reason_input(is_required=True), Input("confirm", confirm, is_required=True))
    still_open = progress.open_required(flow_session.published, flow_session.stage_states)
    if verb == "complete" and still_open:
        told = _("Required stages are still open: {stages}.").format(stages=", ".join(still_open))
        return (force_input(told), reason_input(is_required=True))
    return (reason_input(is_required=SESSION_RULES[verb].reason_required),)


def _perform(manager: FlowSessionManager, flow_session: FlowSession, verb: str, form: Form) -> str:
    reason = form.get("reason", "")
    options = {"force": "force" in form} if verb == "complete" else {}
    done = getattr(manager, f"{verb}_session")(flow_session.pk, reason=reason, **options)
    return _("The session {id} is {status} now.").format(id=done.pk, status=session_state(done.status).lower())


def _note(manager: FlowSessionManager, flow_session: FlowSession, _verb: str, form: Form) -> str:
    manager.note_session(flow_session.pk, form.get("text", ""))
    return _("The note was added.")


def _update(manager: FlowSessionManager, flow_session: FlowSession, _verb: str, form: Form) -> str:
    manager.update_session(flow_session.pk, update_values(manager.actor, flow_session, form))
    return _("The session {id} was changed.").format(id=flow_session.pk)


def _delete(manager: FlowSessionManager, flow_session: FlowSession, _verb: str, form: Form) -> str:
    access.require(manager.actor, "delete", flow_session)
    if form.get("confirm", "").strip() != flow_session.pk:
        raise InvalidInput(
            _("What you typed is not the session's id."),
            fix=_("Type {id}, or leave the session as it is.").format(id=flow_session.pk),
        )
    manager.delete_session(flow_session.pk, reason=form.get("reason", ""))
    return _("The session {id} was deleted.").format(id=flow_session.pk)


_DO: Mapping[str, Callable[[FlowSessionManager, FlowSession, str, Form], str]] = {
    **dict.fromkeys(SESSION_RULES, _perform),
    "note": _note,
    "update": _update,
    "delete": _delete,
}


class Answers(Pages):
    """How an act is asked for and answered, whatever it is done to; stands before ``ModelAdmin``."""

    def question(
        self, request: HttpRequest, flow_session: FlowSession, act: Act, *, back: str = "", **context: Any
    ) -> HttpResponse:
        """The page of one act; without ``back`` it leads back to the session."""
        about = {"act": act, "flow_session": flow_session, "name": shown(flow_session.name)}
        address = page_of(flow_session.pk)
        around = {**about, "session_url": address, "back_url": back or address}
        return self.page(request, "sessions_app/act_page.html", act.title, **around, **context)

    def refused_at(self, request: HttpRequest, refusal: FlowError, page: str = "") -> HttpResponse:
        """Say why not, on that page; in a list where there is none: of the sessions, or of what is asked about."""
        self.refused(request, refusal)
        own = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        return redirect(page or (LIST if may_look(request.user, FlowSession) else own))

    def tell_outcome(self, request: HttpRequest, manager: Manager, told: str) -> None:
        """Say what was done, or that there was nothing to do, and what the verb warns of."""
        self.told(request, told if manager.outcome.changed else _("There was nothing to do: it is so already."))
        for warning in manager.outcome.warnings:
            self.told(request, warning, is_well=False)


class SessionActs(Answers):
    """The addresses; stands before ``ModelAdmin``."""

    def act_urls(self) -> list[URLPattern]:
        """Where each verb is asked for and done."""
        do: Any = self.admin_site.admin_view(self.do)
        return [path("<path:object_id>/do/<str:verb>/", do, name="session-do")]

    def do(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """Ask, or do it and show the session as it is now."""
        self.admit(request)
        if verb not in _DO:
            raise Http404
        actor, session_id = actor_of(request), unquote(object_id)
        try:
            flow_session = get_session(actor, session_id)
        except NotFound as refusal:
            return self.refused_at(request, refusal)
        try:
            if request.method != "POST":
                return self.question(request, flow_session, _asked(actor, flow_session, verb))
            return self._done(request, actor, flow_session, verb)
        except FlowError as refusal:
            if request.method != "POST" or not is_asked_again(request, refusal):
                return self.refused_at(request, refusal, page_of(flow_session.pk))
            self.refused(request, refusal)
            return self.question(request, flow_session, _act_as_given(request, actor, flow_session, verb))

    def _done(self, request: HttpRequest, actor: Actor, flow_session: FlowSession, verb: str) -> HttpResponse:
        manager = FlowSessionManager(actor)
        told = _DO[verb](manager, flow_session, verb, request.POST.dict())
        self.tell_outcome(request, manager, told)
        return redirect(LIST if verb == "delete" else page_of(flow_session.pk))


def is_asked_again(request: HttpRequest, refusal: FlowError) -> bool:
    """Whether what was typed is to be mended: on a page of its own; on the session's page it still stands there."""
    return isinstance(refusal, InvalidInput | NotFound) and "HX-Request" not in request.headers


def _act_as_given(request: HttpRequest, actor: Actor, flow_session: FlowSession, verb: str) -> Act:
    return session_act(flow_session, verb, actor).filled(request.POST.dict())


def _asked(actor: Actor, flow_session: FlowSession, verb: str) -> Act:
    """The act that a page asks about; refused where it is not offered."""
    acts = [*offered(actor, flow_session), *offered_besides(actor, flow_session)]
    for act in acts:
        if act.verb == verb:
            return act
    access.require(actor, verb, flow_session)
    raise not_offered(SESSION_WORDS[verb], acts)
