"""What can be done to a stage in the admin: each verb asks on a page of its own, and on the session's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin.utils import quote, unquote
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from sessions_app import access
from sessions_app.actors import Actor
from sessions_app.admin.acts import Act, not_offered
from sessions_app.admin.parts import actor_of, may_look
from sessions_app.admin.session_acts import Answers, Form, is_asked_again, page_of
from sessions_app.exceptions import FlowError
from sessions_app.language import gettext as _
from sessions_app.lookup import get_session
from sessions_app.models import FlowSession
from sessions_app.permissions import STAGE_ACTIONS
from sessions_app.words import stage_state
from stages_app.admin.act_words import STAGE_WORDS
from stages_app.admin.offers import Offers, Stage, stage_anchor
from stages_app.lookup import get_instance
from stages_app.models import StageInstance
from stages_app.references import stage_id_of
from stages_app.representation import StagesPart
from stages_app.services import StageInstanceManager

UNBEGUN = {"run": "start", "skip": "skip", "assign": "assign"}
"""What the addresses of a stage that has not begun start with, and the verb that is meant."""

FORCED = ("start", "complete")

Do = Callable[[StageInstanceManager], str]


class StageActs(Answers):
    """The addresses; stands before ``ModelAdmin``."""

    def act_urls(self) -> list[URLPattern]:
        """Where each verb is asked for and done, and where items and deliverables are written."""
        view: Any = self.admin_site.admin_view
        return [
            *(
                path(
                    f"{word}/<str:session_id>/<str:stage_id>/",
                    view(self.do_unbegun),
                    {"verb": verb},
                    name=f"stage-unbegun-{verb}",
                )
                for word, verb in UNBEGUN.items()
            ),
            path("<path:object_id>/do/<str:verb>/", view(self.do), name="stage-do"),
            path("<path:object_id>/items/", view(self.items), name="stage-items"),
            path("<path:object_id>/deliverables/", view(self.deliverables), name="stage-deliverables"),
        ]

    def do(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """Ask, or do a verb to an attempt."""
        self.admit(request)
        if verb not in STAGE_WORDS:
            raise Http404
        found = self._attempt(request, object_id)
        if isinstance(found, HttpResponse):
            return found
        form = request.POST.dict()
        return self._ask_or_do(request, found.session, found.stage_id, verb, lambda m: _perform(m, found, verb, form))

    def do_unbegun(self, request: HttpRequest, session_id: str, stage_id: str, verb: str) -> HttpResponse:
        """Ask, or do a verb to a stage that has no attempt yet."""
        self.admit(request)
        session_id, stage_id = unquote(session_id), unquote(stage_id)
        try:
            flow_session = get_session(actor_of(request), session_id)
            stage_id = stage_id_of(flow_session, stage_id, verb)
        except FlowError as refusal:
            return self.refused_at(request, refusal)
        form = request.POST.dict()
        return self._ask_or_do(
            request, flow_session, stage_id, verb, lambda m: _perform_unbegun(m, flow_session, stage_id, verb, form)
        )

    def items(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Tick an item (``done``), take a tick back (``open``), or add an item (``add``)."""
        return self._write(request, object_id, _write_items)

    def deliverables(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Hand in a deliverable."""
        return self._write(request, object_id, _hand_in)

    def _attempt(self, request: HttpRequest, object_id: str) -> StageInstance | HttpResponse:
        try:
            return get_instance(actor_of(request), unquote(object_id))
        except FlowError as refusal:
            return self.refused_at(request, refusal)

    def _write(
        self,
        request: HttpRequest,
        object_id: str,
        write: Callable[[StageInstanceManager, StageInstance, Form], str],
    ) -> HttpResponse:
        self.admit(request)
        found = self._attempt(request, object_id)
        if isinstance(found, HttpResponse):
            return found
        if request.method != "POST":
            return redirect(_place_of(request, found.session, found.stage_id))
        form = request.POST.dict()
        return self._done(request, found.session, found.stage_id, lambda m: write(m, found, form))

    def _ask_or_do(
        self, request: HttpRequest, flow_session: FlowSession, stage_id: str, verb: str, do: Do
    ) -> HttpResponse:
        if request.method == "POST":
            return self._done(request, flow_session, stage_id, do, verb)
        try:
            return self._question(request, flow_session, stage_id, verb)
        except FlowError as refusal:
            return self.refused_at(request, refusal, _place_of(request, flow_session, stage_id))

    def _question(self, request: HttpRequest, flow_session: FlowSession, stage_id: str, verb: str) -> HttpResponse:
        offers, stage = _offers(actor_of(request), flow_session, stage_id)
        act = _offered(offers, stage, verb).filled(request.POST.dict())
        back = _place_of(request, flow_session, stage_id)
        return self.question(request, flow_session, act, stage=stage, people=offers.people, back=back)

    def _done(
        self, request: HttpRequest, flow_session: FlowSession, stage_id: str, do: Do, verb: str = ""
    ) -> HttpResponse:
        manager = StageInstanceManager(actor_of(request))
        try:
            told = do(manager)
        except FlowError as refusal:
            if not verb or not is_asked_again(request, refusal):
                return self.refused_at(request, refusal, _place_of(request, flow_session, stage_id))
            return self._asked_again(request, flow_session, stage_id, verb, refusal)
        self.tell_outcome(request, manager, told)
        return redirect(_place_of(request, flow_session, stage_id))

    def _asked_again(
        self, request: HttpRequest, flow_session: FlowSession, stage_id: str, verb: str, refusal: FlowError
    ) -> HttpResponse:
        """The question with what was typed; what can't be done any more is not asked again."""
        try:
            page = self._question(request, flow_session, stage_id, verb)
        except FlowError as gone:
            return self.refused_at(request, gone, _place_of(request, flow_session, stage_id))
        self.refused(request, refusal)
        return page


def _place_of(request: HttpRequest, flow_session: FlowSession, stage_id: str) -> str:
    """Where a stage stands on its session's page; for whoever may not open that, its own page or the list."""
    if may_look(request.user, FlowSession):
        return f"{page_of(flow_session.pk)}#{stage_anchor(stage_id)}"
    attempts = StageInstance.objects.visible_to(actor_of(request)).filter(session=flow_session, stage_id=stage_id)
    newest = attempts.order_by("-attempt").values_list("pk", flat=True).first()
    name = "admin:stages_app_stageinstance"
    return reverse(f"{name}_change", args=[quote(newest)]) if newest else reverse(f"{name}_changelist")


def _offers(actor: Actor, flow_session: FlowSession, stage_id: str) -> tuple[Offers, Stage]:
    stages = StagesPart().describe_many([flow_session], actor=actor)[0]
    return Offers(actor, flow_session, stages), next(stage for stage in stages if stage["stage_id"] == stage_id)


def _offered(offers: Offers, stage: Stage, verb: str) -> Act:
    """The act that a page asks about; refused where it is not offered."""
    acts = offers.of(stage)
    for act in acts:
        if act.verb == verb:
            return act
    access.require(offers.actor, STAGE_ACTIONS["update" if verb == "assign" else verb], offers.flow_session)
    raise not_offered(STAGE_WORDS[verb], acts)


def _perform(manager: StageInstanceManager, stage_instance: StageInstance, verb: str, form: Form) -> str:
    if verb == "assign":
        username = form.get("assignee", "").strip() or None
        manager.update_instance(stage_instance.pk, {"assignee": username})
        return _assigned(stage_instance.stage_id, username)
    if verb == "take":
        manager.release_instance(stage_instance.pk, take=True, reason=form.get("reason", ""))
        return _("Nobody holds the stage {stage} any more.").format(stage=stage_instance.stage_id)
    force = {"force": "force" in form} if verb in FORCED else {}
    done = getattr(manager, f"{verb}_instance")(stage_instance.pk, reason=form.get("reason", ""), **force)
    return _is_now(done)


def _perform_unbegun(
    manager: StageInstanceManager, flow_session: FlowSession, stage_id: str, verb: str, form: Form
) -> str:
    if verb == "assign":
        username = form.get("assignee", "").strip() or None
        manager.assign_stage(flow_session.pk, stage_id, username)
        return _assigned(stage_id, username)
    reason = form.get("reason", "")
    return _is_now(manager.perform(flow_session.pk, stage_id, verb, reason=reason, force="force" in form))


def _write_items(manager: StageInstanceManager, stage_instance: StageInstance, form: Form) -> str:
    if "add" in form:
        manager.add_item(stage_instance.pk, form["add"], required="required" in form)
        return _("The item was added.")
    if "open" in form:
        manager.reopen_item(stage_instance.pk, form["open"])
        return _("The item is open again.")
    manager.complete_item(stage_instance.pk, form.get("done", ""))
    return _("The item is done.")


def _hand_in(manager: StageInstanceManager, stage_instance: StageInstance, form: Form) -> str:
    manager.add_deliverables(stage_instance.pk, {form.get("name", ""): form.get("value", "").strip()})
    return _("It was handed in.")


def _is_now(stage_instance: StageInstance) -> str:
    return _("The stage {stage} is {status} now.").format(
        stage=stage_instance.display_name, status=stage_state(stage_instance.status)
    )


def _assigned(stage_id: str, username: str | None) -> str:
    if username is None:
        return _("The stage {stage} is nobody's now.").format(stage=stage_id)
    return _("The stage {stage} is {user}'s now.").format(stage=stage_id, user=username)
