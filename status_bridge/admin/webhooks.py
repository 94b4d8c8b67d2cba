"""The admin's pages for webhooks: how they do, making and changing them, and what people do about them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from sessions_app.actors import Actor
from sessions_app.admin.asking import Asking
from sessions_app.admin.lookups import KnownQuery
from sessions_app.admin.parts import SeenBySome, actor_of
from sessions_app.exceptions import FlowError
from sessions_app.language import gettext
from sessions_app.masking import mask
from sessions_app.masking import shown as shown_text
from sessions_app.templatetags.vcflow import ago
from sessions_app.text import visible
from status_bridge import subscriptions
from status_bridge.admin.looks import address_of, counted, standing_badge
from status_bridge.admin.webhook_acts import QUESTIONS, Done, verbs_of
from status_bridge.admin.webhook_form import WebhookForm
from status_bridge.admin.webhook_log import DeliveryPages, log_of
from status_bridge.models import Reach, Subscription
from status_bridge.subscription_json import masked_url
from status_bridge.subscription_standing import why, with_standing

PAGE = "status_bridge_subscription"


@admin.register(Subscription)
class SubscriptionAdmin(DeliveryPages, Asking, SeenBySome, KnownQuery, admin.ModelAdmin):
    list_display = (
        "shown_name",
        "shown_standing",
        "kind",
        "shown_url",
        "shown_reach",
        "shown_owner",
        "shown_waiting",
        "shown_parked",
        "last_success",
    )
    list_filter = ("is_active", "kind", "reach")
    list_select_related = ("owner", "team")
    search_fields = ("id", "name", "owner__username")
    actions = None
    show_facets = admin.ShowFacets.NEVER
    change_list_template = "status_bridge/webhook_list.html"

    @admin.display(description=_("name"), ordering="name")
    def shown_name(self, row: Subscription) -> str:
        return format_html(
            '<span class="told">{}</span><small class="vc-muted">{}</small>', shown_text(row.name), row.pk
        )

    @admin.display(description=_("address"))
    def shown_url(self, row: Subscription) -> str:
        return format_html('<span class="told">{}</span>', visible(masked_url(row.url)))

    @admin.display(description=_("state"))
    def shown_standing(self, row: Subscription) -> str:
        reason = why(row)
        told = format_html('<br><span class="told vc-muted">{}</span>', visible(reason)) if reason else ""
        return format_html("{}{}", standing_badge(row), told)

    @admin.display(description=_("tells of"), ordering="reach")
    def shown_reach(self, row: Subscription) -> str:
        return reach_in_words(row)

    @admin.display(description=_("owner"), ordering="owner__username")
    def shown_owner(self, row: Subscription) -> str:
        return visible(row.owner.get_username())

    @admin.display(description=_("waiting"))
    def shown_waiting(self, row: Any) -> str:
        return counted(row.waiting)

    @admin.display(description=_("parked"))
    def shown_parked(self, row: Any) -> str:
        return counted(row.parked)

    @admin.display(description=_("last success"), ordering="last_success_at")
    def last_success(self, row: Subscription) -> str:
        return ago(row.last_success_at)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Subscription]:
        """Those that whoever looks may look after, with how they do."""
        return with_standing(super().get_queryset(request))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        acts = [
            path(f"<str:webhook_id>/{verb}/", view(self.act), {"verb": verb}, name=f"webhook-{verb}")
            for verb in QUESTIONS
            if verb != "delete"
        ]
        edit = path("<str:webhook_id>/edit/", view(self.edit), name="webhook-edit")
        return [edit, *acts, *self.delivery_urls(), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Whoever looks after webhooks makes them; the services say whose sessions they may tell of."""
        return self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """With this a user can be deleted too, and their webhooks with them."""
        return bool(request.user.is_superuser)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Make one; its secret is shown on the page after."""
        self.admit(request)
        actor = actor_of(request)
        form = WebhookForm(actor, request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid():
            try:
                row, secret = subscriptions.create(actor, **form.made())
            except FlowError as refusal:
                form.refuse(refusal)
            else:
                told = gettext("The webhook {name} was made. Ping it to see whether it arrives.")
                return self._after(request, row, Done(told.format(name=shown_text(row.name)), secret=secret or ""))
        return self._form_page(request, _("New webhook"), form, self.list_address())

    def edit(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        """Change one."""
        actor = actor_of(request)

        def question(row: Subscription) -> HttpResponse:
            return self._form_page(request, _("Change the webhook"), WebhookForm(actor, row=row), page_of(row), row)

        def answer(row: Subscription) -> HttpResponse:
            form = WebhookForm(actor, request.POST, row=row)
            if not (form.is_valid() and self._is_changed(request, actor, form, row)):
                return self._form_page(request, _("Change the webhook"), form, page_of(row), row)
            return redirect(page_of(row))

        return self.asked(request, _finding(webhook_id), question, answer)

    def _is_changed(self, request: HttpRequest, actor: Actor, form: WebhookForm, row: Subscription) -> bool:
        """Whether the service took the form; its refusal stands in the form."""
        try:
            _row, changed = subscriptions.update(actor, row.pk, **form.changes())
        except FlowError as refusal:
            form.refuse(refusal)
            return False
        self.told(request, gettext("The webhook was changed.") if changed else gettext("Nothing was changed."))
        return True

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """How one does, and its log."""

        def question(row: Subscription) -> HttpResponse:
            log = log_of(actor_of(request), row, request.GET)
            return self.page(request, "status_bridge/webhook.html", shown_text(row.name), **_facts(row), log=log)

        return self.asked(request, _finding(unquote(object_id)), question)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """As by every other door: by the service, which takes a long log in pieces."""
        return self.act(request, unquote(object_id), "delete")

    def act(self, request: HttpRequest, webhook_id: str, verb: str) -> HttpResponse:
        """Ask, then act."""
        chosen = QUESTIONS[verb]

        def question(row: Subscription) -> HttpResponse:
            return self.page(
                request,
                "status_bridge/webhook_question.html",
                chosen.title,
                webhook=row,
                question=chosen,
                given=request.POST,
                back=page_of(row),
            )

        def answer(row: Subscription) -> HttpResponse:
            return self._after(request, row, chosen.act(actor_of(request), row, 0, request.POST))

        return self.asked(request, _finding(webhook_id), question, answer)

    def _after(self, request: HttpRequest, row: Subscription, done: Done) -> HttpResponse:
        """Where an act leads: to the secret that it made, to its delivery, or to the webhook or what is left."""
        if done.secret:
            context = {"webhook": row, "secret": done.secret, "told": visible(done.told), "back": page_of(row)}
            return self.page(request, "status_bridge/webhook_secret.html", _("The secret"), **context)
        self.told(request, done.told, is_well=done.is_well)
        if done.delivery:
            return redirect("admin:webhook-delivery", row.pk, done.delivery)
        is_left = Subscription.objects.visible_to(actor_of(request)).filter(pk=row.pk).exists()
        return redirect(page_of(row) if is_left else self.list_address())

    def _form_page(
        self, request: HttpRequest, title: Any, form: WebhookForm, back: str, row: Subscription | None = None
    ) -> HttpResponse:
        return self.page(request, "status_bridge/webhook_form.html", title, form=form, back=back, webhook=row)


def page_of(row: Subscription) -> str:
    """A webhook's page."""
    return address_of(PAGE, row.pk)


def reach_in_words(row: Subscription) -> SafeString:
    """Whose sessions it tells of."""
    whose = visible(row.team.name) if row.reach == Reach.TEAM and row.team else Reach(row.reach).label
    narrowed = format_html(", {}", row.workflow_id) if row.workflow_id else ""
    return format_html('<span class="told">{}{}</span>', whose, narrowed)


def _finding(webhook_id: str) -> Any:
    return lambda actor: subscriptions.find(actor, webhook_id)


def _facts(row: Any) -> dict[str, Any]:
    """A webhook for its page."""
    return {
        "webhook": row,
        "badge": standing_badge(row),
        "why": visible(why(row) or ""),
        "url": visible(masked_url(row.url)),
        "owner": visible(row.owner.get_username()),
        "reach": reach_in_words(row),
        "events": ", ".join(row.events) or gettext("all"),
        "options": mask(row.options),
        "waiting": counted(row.waiting),
        "parked": counted(row.parked),
        "edit": reverse("admin:webhook-edit", args=[row.pk]),
        "acts": [(_address(row, verb), QUESTIONS[verb]) for verb in verbs_of(row)],
    }


def _address(row: Subscription, verb: str) -> str:
    if verb == "delete":
        return link_to_delete(row)
    return reverse(f"admin:webhook-{verb}", args=[row.pk])


def link_to_delete(row: Subscription) -> str:
    """Where Django has a row deleted."""
    return address_of(PAGE, row.pk).removesuffix("change/") + "delete/"
