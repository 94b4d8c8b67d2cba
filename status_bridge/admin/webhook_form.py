"""The form of a webhook: what is asked, and how its answers become what the services take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from sessions_app.actors import Actor
from sessions_app.admin.forms import FlowForm
from sessions_app.language import gettext, noop
from sessions_app.masking import mask, mask_text, shown
from sessions_app.models import WorkflowDefinition
from sessions_app.permissions import Role
from sessions_app.text import clean_name
from status_bridge.models import Reach, Subscription
from status_bridge.sinks.base import get_sink, kinds
from status_bridge.subscription_events import EVENT_TYPES
from status_bridge.subscription_json import masked_url

PATTERNS = tuple(dict.fromkeys(f"{name.partition('.')[0]}.*" for name in EVENT_TYPES))
"""Whole groups of events."""

KNOWN = (*PATTERNS, *EVENT_TYPES)

_REACHES = {
    Reach.OWN: noop("My own sessions"),
    Reach.TEAM: noop("A team's sessions"),
    Reach.ALL: noop("All sessions"),
}


class WebhookForm(FlowForm):
    """Makes a webhook, or changes ``row``."""

    name = forms.CharField(label=_("Name"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"))
    url = forms.CharField(
        label=_("Address"),
        max_length=2000,
        help_text=_(
            "Where the messages go, by HTTPS. What stands behind the question mark is masked when it is shown."
        ),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    reach = forms.ChoiceField(label=_("Tells of"), widget=forms.RadioSelect)
    team = forms.ChoiceField(label=_("Team"), required=False, help_text=_("Goes with a team's sessions alone."))
    workflow = forms.ChoiceField(label=_("Workflow"), required=False, help_text=_("Narrows it to one workflow."))
    events = forms.MultipleChoiceField(
        label=_("Events"),
        required=False,
        help_text=_("Nothing chosen means all."),
        widget=forms.CheckboxSelectMultiple,
    )
    other_events = forms.CharField(
        label=_("Other events"),
        required=False,
        help_text=_("Types or patterns such as *.failed, with spaces between."),
    )
    options = forms.CharField(
        label=_("Options"),
        required=False,
        help_text=_("The kind's own settings as JSON. A webhook has none; GitHub knows api_url, label and language."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    secrets = forms.CharField(
        label=_("Secrets"),
        required=False,
        help_text=_(
            "One on each line: name=value. They are kept encrypted and never shown. A webhook's own secret is made"
            " for you; GitHub needs a token."
        ),
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, actor: Actor, data: Mapping[str, Any] | None = None, *, row: Subscription | None = None) -> None:
        super().__init__(data, initial=_initial(row))
        self.row = row
        self._offer(actor)
        if row is not None:
            del self.fields["kind"]
            self.fields["secrets"].help_text = _(
                "One on each line: name=value; a name without a value removes it. Empty keeps what is stored."
            )

    def _offer(self, actor: Actor) -> None:
        """The choices that this person has."""
        reaches = [reach for reach in Reach if reach != Reach.ALL or actor.rights.is_admin or self._has(reach)]
        teams = {name for (name,) in _teams(actor)} | ({self.row.team.name} if self.row and self.row.team else set())
        workflows = WorkflowDefinition.objects.order_by("pk").values_list("pk", flat=True)
        chosen: dict[str, list[Any]] = {
            "kind": [(kind, gettext(get_sink(kind).label)) for kind in kinds()],
            "reach": [(reach.value, gettext(_REACHES[reach])) for reach in reaches],
            "team": [("", gettext("none")), *((name, shown(name)) for name in sorted(teams))],
            "workflow": [("", gettext("all workflows")), *((key, key) for key in workflows)],
            "events": [(gettext("Whole groups"), [(name, name) for name in PATTERNS]), *_event_groups()],
        }
        for name, choices in chosen.items():
            field: Any = self.fields[name]
            field.choices = choices

    def _has(self, reach: Reach) -> bool:
        return self.row is not None and self.row.reach == reach

    def clean_name(self) -> str:
        """A name that may be stored; the masked one stands for what is stored."""
        given: str = self.cleaned_data["name"]
        if self.row is None or given != mask_text(self.row.name):
            given = self.checked(lambda: clean_name(given, gettext("name")))
        return given

    def clean_options(self) -> dict[str, Any]:
        """A JSON object."""
        text = self.cleaned_data["options"].strip()
        try:
            found = json.loads(text) if text else {}
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ValidationError(gettext('This is no JSON object. Give it as {"name": "value"}.'))
        return found

    def clean_secrets(self) -> dict[str, str | None]:
        """Values by name; None removes one."""
        lines = [line.partition("=") for line in self.cleaned_data["secrets"].splitlines() if line.strip()]
        if any(not name.strip() for name, _sign, _value in lines):
            raise ValidationError(gettext("A line has no name. Give each as name=value."))
        return {name.strip(): value.strip() or None for name, _sign, value in lines}

    def made(self) -> dict[str, Any]:
        """What ``subscriptions.create`` takes."""
        given = self.cleaned_data
        return {
            "name": given["name"],
            "kind": given["kind"],
            "url": given["url"],
            "events": self._events(),
            "options": given["options"],
            "secrets": given["secrets"],
            "reach": given["reach"],
            "team": given["team"] or None,
            "workflow": given["workflow"] or None,
        }

    def changes(self) -> dict[str, Any]:
        """What ``subscriptions.update`` takes: the answers that are others than what is stored."""
        assert self.row is not None, "a new one is made"
        given, changed = self.cleaned_data, set(self.changed_data)
        values: dict[str, Any] = {name: given[name] for name in ("name", "url") if name in changed}
        if changed & {"events", "other_events"}:
            values["events"] = self._events()
        if "options" in changed:
            values["options"] = {**dict.fromkeys(mask(self.row.options)), **given["options"]}
        if changed & {"reach", "team"}:
            values |= {"reach": given["reach"], "team": given["team"] or None}
        if "workflow" in changed:
            values["workflow"] = given["workflow"] or None
        return {**values, "secrets": given["secrets"]} if given["secrets"] else values

    def _events(self) -> list[str]:
        return [*self.cleaned_data["events"], *self.cleaned_data["other_events"].split()]


def _initial(row: Subscription | None) -> dict[str, Any]:
    if row is None:
        return {"kind": "webhook", "reach": Reach.OWN.value}
    return {
        "name": mask_text(row.name),
        "url": masked_url(row.url),
        "reach": row.reach,
        "team": row.team.name if row.team else "",
        "workflow": row.workflow_id or "",
        "events": [name for name in row.events if name in KNOWN],
        "other_events": " ".join(name for name in row.events if name not in KNOWN),
        "options": json.dumps(mask(row.options), indent=2, ensure_ascii=False) if row.options else "",
    }


def _teams(actor: Actor) -> Any:
    """The names of the teams whose sessions the actor may tell of."""
    rights = actor.rights
    working = [key for key, role in rights.teams.items() if role >= Role.OPERATOR]
    found = Group.objects.order_by("name").values_list("name")
    return found if rights.is_admin else found.filter(pk__in=working)


def _event_groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """The types by what they tell of."""
    titles = {
        "session": gettext("Sessions"),
        "stage": gettext("Stages"),
        "item": gettext("Items"),
        "deliverable": gettext("Deliverables"),
        "savepoint": gettext("Savepoints"),
    }
    return [
        (title, [(name, name) for name in dict.fromkeys(EVENT_TYPES) if name.startswith(f"{group}.")])
        for group, title in titles.items()
    ]
