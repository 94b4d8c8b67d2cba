"""One verb for many sessions of the list: first what would become of each, then the deed, then what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from sessions_app import bulk
from sessions_app.actors import Actor
from sessions_app.admin.pages import Pages
from sessions_app.admin.parts import actor_of
from sessions_app.admin.session_query import Selection
from sessions_app.api.problems import for_strangers
from sessions_app.exceptions import FlowError, InvalidInput
from sessions_app.language import gettext as _
from sessions_app.language import ngettext, noop
from sessions_app.models import FlowSession
from sessions_app.text import is_reference, visible

VERBS: Mapping[str, tuple[str, str]] = {
    "pause": (
        noop("Pause sessions"),
        noop("Each session and its active stage stop; resuming continues exactly there."),
    ),
    "resume": (noop("Resume sessions"), noop("Each session goes on where it was paused or failed.")),
    "abort": (
        noop("Abort sessions"),
        noop("Each session ends for good, and its open stages with it. Its history stays."),
    ),
}
"""What may be done from the list, and what it does."""

_WOULD = {
    bulk.DONE: noop("would be done"),
    bulk.UNCHANGED: noop("is so already"),
    bulk.REFUSED: noop("would be refused"),
    bulk.FAILED: noop("couldn't be tried"),
}
_WAS = {
    bulk.DONE: noop("done"),
    bulk.UNCHANGED: noop("was so already"),
    bulk.REFUSED: noop("refused"),
    bulk.FAILED: noop("failed"),
}
_LOOKS = {bulk.DONE: "completed", bulk.UNCHANGED: "pending", bulk.REFUSED: "paused", bulk.FAILED: "failed"}
_SIGNS = {bulk.DONE: "✓", bulk.UNCHANGED: "=", bulk.REFUSED: "‖", bulk.FAILED: "✕"}


class SessionBulk(Pages):
    """Stands before ModelAdmin: the pages between the list and the deed."""

    def bulk_view(self, request: HttpRequest) -> HttpResponse:
        """Preview, or perform what was previewed; both only by a form."""
        self.admit(request)
        if request.method != "POST":
            return redirect(self.list_address())
        selection = self.selection_of(request, request.POST.get("query", ""))
        try:
            return self._perform(request, selection) if "do" in request.POST else self._preview(request, selection)
        except FlowError as refusal:
            self.refused(request, for_strangers(refusal))
            return redirect(self.list_address(selection.query()))

    def _preview(self, request: HttpRequest, selection: Selection) -> HttpResponse:
        actor, verb = actor_of(request), _verb(request)
        ids = _chosen(request, selection)
        tried = bulk.bulk_try(actor, bulk.order(actor, verb), ids)
        return self._bulk_page(
            request,
            selection,
            verb,
            tried,
            words=_WOULD,
            is_preview=True,
            ready=sum(each.outcome == bulk.DONE for each in tried),
            key=uuid4().hex,
        )

    def _perform(self, request: HttpRequest, selection: Selection) -> HttpResponse:
        """Answered with a page at once: sent again, the form does nothing twice and is answered the same."""
        actor, verb, key = actor_of(request), _verb(request), request.POST.get("key", "")[:64]
        if not key:
            raise InvalidInput(_("The form is not complete."), fix=_("Choose the sessions again."))
        given = bulk.order(actor, verb, reason=request.POST.get("reason", ""))
        done = bulk.bulk_perform(actor, given, _named(request), key=key)
        is_over = not any(each.error and each.error.code == "out-of-time" for each in done)
        return self._bulk_page(
            request,
            selection,
            verb,
            done,
            words=_WAS,
            is_over=is_over,
            key=key,
            reason=given.reason,
        )

    def _bulk_page(
        self,
        request: HttpRequest,
        selection: Selection,
        verb: str,
        results: Sequence[bulk.Result],
        *,
        words: Mapping[str, str],
        **context: Any,
    ) -> HttpResponse:
        title, about = VERBS[verb]
        counts = Counter(each.outcome for each in results)
        return self.page(
            request,
            "sessions_app/bulk.html",
            _(title),
            about=_(about),
            verb=verb,
            ids="\n".join(each.session_id for each in results),
            count=ngettext("{count} session", "{count} sessions", len(results)).format(count=len(results)),
            counts=[_told(outcome, words, counts[outcome]) for outcome in bulk.OUTCOMES if counts[outcome]],
            rows=_rows(actor_of(request), results, words),
            query=selection.query(),
            list_address=self.list_address(selection.query()),
            **context,
        )

    def list_address(self, query: str = "") -> str:
        """The list's."""
        raise NotImplementedError

    def selection_of(self, request: HttpRequest, query: str) -> Selection:
        """What a query string asks for."""
        raise NotImplementedError


def _verb(request: HttpRequest) -> str:
    verb = request.POST.get("verb", "")
    if verb not in VERBS:
        raise InvalidInput(
            _("{verb} can't be done from the list.").format(verb=visible(verb[:80]) or "''"),
            fix=_("Use one of: {names}.").format(names=", ".join(VERBS)),
        )
    return verb


def _chosen(request: HttpRequest, selection: Selection) -> list[str]:
    """The sessions that were ticked, or all that the list holds."""
    is_all = "all" in request.POST
    ids = bulk.choose(
        selection.actor,
        None if is_all else request.POST.getlist("id"),
        selection.checked().rows if is_all else None,
    )
    if not ids:
        raise InvalidInput(_("No session is chosen."), fix=_("Tick some in the list first."))
    return ids


def _named(request: HttpRequest) -> list[str]:
    return bulk.choose(actor_of(request), request.POST.get("ids", "").split(), None)


def _rows(actor: Actor, results: Sequence[bulk.Result], words: Mapping[str, str]) -> list[dict[str, Any]]:
    """What is refused first: of a thousand rows the reader looks at these."""
    known = {row[0]: row[1:] for row in _names(actor, [each.session_id for each in results])}
    found = [_row(each, known.get(each.session_id), words) for each in results]
    return sorted(found, key=lambda row: -bulk.OUTCOMES.index(row["outcome"]))


def _names(actor: Actor, ids: Iterable[str]) -> Iterable[tuple[str, str, str]]:
    seen = FlowSession.objects.visible_to(actor).filter(pk__in=[key for key in ids if is_reference(key)])
    return seen.order_by().values_list("pk", "name", "status")


def _row(result: bulk.Result, known: tuple[str, str] | None, words: Mapping[str, str]) -> dict[str, Any]:
    error = for_strangers(result.error) if result.error else None
    name, status = known or ("", "")
    return {
        **_told(result.outcome, words),
        "id": result.session_id,
        "is_known": known is not None,
        "name": name,
        "status": status,
        "why": visible(f"{error.message} {error.fix}".strip()) if error else "",
    }


def _told(outcome: str, words: Mapping[str, str], count: int = 0) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "word": _(words[outcome]),
        "look": _LOOKS[outcome],
        "sign": _SIGNS[outcome],
        "count": count,
    }
