"""The form of a new token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from sessions_app import scopes
from sessions_app.actors import Actor
from sessions_app.admin.forms import FlowForm
from sessions_app.language import gettext, noop
from sessions_app.masking import shown
from sessions_app.models import WorkflowDefinition
from sessions_app.permissions import SCOPES
from sessions_app.text import clean_name
from sessions_app.tokens import DEFAULT_SCOPES, NAME_LENGTH, parse_lifetime

SCOPE_WORDS = {
    scopes.READ: noop("Look at sessions, stages, events and workflows."),
    scopes.WORK: noop("Make sessions, work on stages, tick items, hand in, pause and resume."),
    scopes.DECIDE: noop("Complete, reopen, abort, delete and hand over sessions; skip stages; force."),
    scopes.DEFINE: noop("Publish, retire and delete workflows, if its user may."),
    scopes.EXPORT: noop("Take sessions and workflows out as files, and see masked values."),
    scopes.WEBHOOK: noop("Make and look after webhooks."),
    scopes.ADMINISTER: noop("Make and revoke tokens."),
}
"""What each scope lets a token do."""

_LIFETIMES = {
    "": noop("As usual: 90 days, for an agent 24 hours"),
    "1h": noop("1 hour"),
    "24h": noop("24 hours"),
    "7d": noop("7 days"),
    "30d": noop("30 days"),
    "90d": noop("90 days"),
    "365d": noop("365 days"),
}


class TokenForm(FlowForm):
    """What ``tokens.create_token`` takes."""

    name = forms.CharField(
        label=_("Name"), max_length=NAME_LENGTH, help_text=_("What the token is for, such as the program's name.")
    )
    user = forms.CharField(label=_("User"), max_length=150, help_text=_("The token acts as this user."))
    scopes = forms.MultipleChoiceField(label=_("It may"), widget=forms.CheckboxSelectMultiple)
    agent = forms.BooleanField(
        label=_("For a coding agent"),
        required=False,
        template_name="sessions_app/form_tick.html",
        help_text=_("Then it may read and work at most, and is valid for 24 hours at most."),
    )
    lifetime = forms.ChoiceField(label=_("Valid for"), required=False)
    team = forms.ChoiceField(label=_("Team"), required=False, help_text=_("It reaches this team's sessions alone."))
    workflow = forms.ChoiceField(
        label=_("Workflow"), required=False, help_text=_("It reaches this workflow's sessions alone.")
    )

    def __init__(self, actor: Actor, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"user": actor.username, "scopes": list(DEFAULT_SCOPES)})
        teams = Group.objects.order_by("name").values_list("name", flat=True)
        if not actor.rights.is_admin:
            del self.fields["user"]
            teams = teams.filter(pk__in=list(actor.rights.teams))
        workflows = WorkflowDefinition.objects.order_by("pk").values_list("pk", flat=True)
        self._offer(
            scopes=[(scope, _scope_label(scope)) for scope in SCOPES],
            lifetime=[(value, gettext(words)) for value, words in _LIFETIMES.items()],
            team=[("", gettext("all sessions that the user sees")), *((name, shown(name)) for name in teams)],
            workflow=[("", gettext("all workflows")), *((key, key) for key in workflows)],
        )

    def _offer(self, **choices: list[tuple[str, str]]) -> None:
        for name, offered in choices.items():
            field: Any = self.fields[name]
            field.choices = offered

    def clean_name(self) -> str:
        """A name that may be stored."""
        name: str = self.checked(lambda: clean_name(self.cleaned_data["name"], gettext("name"), limit=NAME_LENGTH))
        return name

    def made(self) -> dict[str, Any]:
        """The arguments."""
        given = self.cleaned_data
        return {
            "name": given["name"],
            "user": given.get("user"),
            "scopes": given["scopes"],
            "team": given["team"] or None,
            "workflow": given["workflow"] or None,
            "agent": given["agent"],
            "lifetime": parse_lifetime(given["lifetime"]) if given["lifetime"] else None,
        }


def _scope_label(scope: str) -> str:
    return format_html("<strong>{}</strong> {}", scope, gettext(SCOPE_WORDS[scope]))
