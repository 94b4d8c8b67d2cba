"""Views of the list of sessions that people save: rows of their own, which concern no session and write no event."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from sessions_app import storage
from sessions_app.actors import Actor, refuse_disabled
from sessions_app.exceptions import GuardUnmet, InvalidInput, NotFound
from sessions_app.language import gettext as _
from sessions_app.models import SavedView
from sessions_app.text import clean_name

MOST = 30
"""How many views one user may have."""

NAME_LENGTH, QUERY_LENGTH = 60, 2_000


def views_of(actor: Actor) -> list[SavedView]:
    """The actor's own, by name."""
    return list(SavedView.objects.filter(user=actor.user).order_by("name"))


def save_view(actor: Actor, name: str, query: str) -> SavedView:
    """Keep a query under a name; a view that the actor has under it already becomes this one."""
    refuse_disabled(actor)
    name = clean_name(name, _("name"), limit=NAME_LENGTH)
    if not query:
        raise InvalidInput(_("The list is not filtered: there is nothing to save."), fix=_("Choose a filter first."))
    query = clean_name(query, _("filter"), limit=QUERY_LENGTH)
    with storage.translated(), transaction.atomic():
        kept, is_new = SavedView.objects.update_or_create(
            user=actor.user, name=name, defaults={"query": query}, create_defaults=_columns(query)
        )
        if is_new and SavedView.objects.filter(user=actor.user).count() > MOST:
            raise GuardUnmet(
                _("You have {most} saved views already.").format(most=MOST), fix=_("Delete one of them first.")
            )
    return kept


def delete_view(actor: Actor, view_id: int) -> str:
    """Remove one of the actor's views; answers with its name."""
    refuse_disabled(actor)
    with storage.translated(), transaction.atomic():
        view = SavedView.objects.filter(user=actor.user, pk=view_id).first()
        if view is None:
            raise NotFound(_("There is no such saved view."), fix=_("Look at the list again."), kind="view")
        SavedView.objects.filter(pk=view.pk).delete()
    return view.name


def _columns(query: str) -> dict[str, object]:
    return {"query": query, "created_at": timezone.now()}
