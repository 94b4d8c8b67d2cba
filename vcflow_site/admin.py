"""The pages for people and teams: Django's own, without the scripts that they would bring along."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User

from sessions_app.admin.lookups import KnownQuery

admin.site.unregister([User, Group])


@admin.register(User)
class PersonAdmin(KnownQuery, UserAdmin):
    """Somebody who may sign in."""

    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")


@admin.register(Group)
class TeamAdmin(KnownQuery, GroupAdmin):
    """A team and what everybody in it may do."""

    filter_horizontal = ()
