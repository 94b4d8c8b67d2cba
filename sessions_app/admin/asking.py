"""One shape for pages about one thing: find it or lead to the list, ask, do it or say why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import capfirst

from sessions_app.actors import Actor
from sessions_app.admin.pages import Pages
from sessions_app.admin.parts import actor_of
from sessions_app.exceptions import FlowError, NotFound

T = TypeVar("T")


class Asking(Pages):
    """Stands before ``ModelAdmin``: GET asks, POST does."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, named after what it lists."""
        named = {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})}
        page: HttpResponse = super().changelist_view(request, named)  # type: ignore[misc]  # of the ModelAdmin
        return page

    def list_address(self) -> str:
        """Where the model's list is."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def asked(
        self,
        request: HttpRequest,
        find: Callable[[Actor], T],
        question: Callable[[T], HttpResponse],
        answer: Callable[[T], HttpResponse] | None = None,
    ) -> HttpResponse:
        """The page about what ``find`` finds; without ``answer`` it is to look at alone.

        What isn't there leads to the list.  What is refused is asked again, of the thing as it is now.
        """
        self.admit(request)
        actor = actor_of(request)
        try:
            if request.method != "POST":
                return question(find(actor))
            if answer is None:
                raise PermissionDenied
            return self._answered(request, actor, find, question, answer)
        except NotFound as refusal:
            self.refused(request, refusal)
            return redirect(self.list_address())

    def _answered(
        self,
        request: HttpRequest,
        actor: Actor,
        find: Callable[[Actor], T],
        question: Callable[[T], HttpResponse],
        answer: Callable[[T], HttpResponse],
    ) -> HttpResponse:
        try:
            return answer(find(actor))
        except NotFound:
            raise
        except FlowError as refusal:
            self.refused(request, refusal)
            return question(find(actor))
