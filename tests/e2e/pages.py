"""Every page of the web admin, by a name that its screenshots have too."""

from __future__ import annotations

import re
from string import Formatter

from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, User

from tests.e2e.sites import Site

SESSION = "sessions_app/flowsession"
STAGE = "stages_app/stageinstance"
WORKFLOW = "sessions_app/workflowdefinition"
WEBHOOK = "status_bridge/subscription"
ENTRY = "status_bridge/statusentry"

PAGES = {
    "dashboard": "",
    "sessions": f"{SESSION}/",
    "sessions-filtered": f"{SESSION}/?status__exact=PAUSED&whose=mine",
    "sessions-searched": f"{SESSION}/?q=Checkout",
    "sessions-found-none": f"{SESSION}/?q=nothing-is-called-so",
    "sessions-stuck": f"{SESSION}/?stuck=1",
    "sessions-waiting-for-me": f"{SESSION}/?waits=me",
    "session": f"{SESSION}/{{running}}/change/",
    "session-hostile": f"{SESSION}/{{hostile}}/change/",
    "session-long": f"{SESSION}/{{long}}/change/",
    "session-chinese": f"{SESSION}/{{chinese}}/change/",
    "session-pending": f"{SESSION}/{{pending}}/change/",
    "session-paused": f"{SESSION}/{{paused}}/change/",
    "session-failed": f"{SESSION}/{{failed}}/change/",
    "session-aborted": f"{SESSION}/{{aborted}}/change/",
    "session-completed": f"{SESSION}/{{Invoices as PDF}}/change/",
    "session-pause": f"{SESSION}/{{running}}/do/pause/",
    "session-complete": f"{SESSION}/{{running}}/do/complete/",
    "session-note": f"{SESSION}/{{running}}/do/note/",
    "session-update": f"{SESSION}/{{running}}/do/update/",
    "session-delete": f"{SESSION}/{{running}}/do/delete/",
    "savepoint": f"{SESSION}/{{running}}/savepoints/{{savepoint}}/",
    "savepoint-take": f"{SESSION}/{{running}}/savepoints/take/",
    "savepoint-restore": f"{SESSION}/{{running}}/savepoints/{{savepoint}}/do/restore/",
    "savepoint-fork": f"{SESSION}/{{running}}/savepoints/{{savepoint}}/do/fork/",
    "stages": f"{STAGE}/",
    "stage": f"{STAGE}/{{second}}/change/",
    "stage-earlier": f"{STAGE}/{{first}}/change/",
    "stage-complete": f"{STAGE}/{{second}}/do/complete/",
    "statistics": f"{STAGE}/stats/",
    "statistics-year": f"{STAGE}/stats/?since=366d",
    "statistics-workflow": f"{STAGE}/stats/dev/",
    "statistics-odd": f"{STAGE}/stats/{{workflow}}/",
    "workflows": f"{WORKFLOW}/",
    "workflow": f"{WORKFLOW}/dev/change/",
    "workflow-odd": f"{WORKFLOW}/{{workflow}}/change/",
    "workflow-compare": f"{WORKFLOW}/{{workflow}}/compare/?before=1&after=2",
    "workflow-migrate": f"{WORKFLOW}/{{workflow}}/migrate/",
    "workflow-import": f"{WORKFLOW}/import/",
    "workflow-start": f"{WORKFLOW}/dev/do/start/",
    "workflow-retire": f"{WORKFLOW}/dev/do/retire/",
    "workflow-delete": f"{WORKFLOW}/{{workflow}}/do/delete/",
    "versions": "sessions_app/workflowversion/",
    "version": "sessions_app/workflowversion/{version}/change/",
    "version-bundled": "sessions_app/workflowversion/{bundled version}/change/",
    "events": "sessions_app/sessionevent/",
    "events-of-session": "sessions_app/sessionevent/?session__id__exact={running}",
    "event": "sessions_app/sessionevent/{event}/change/",
    "tombstones": "sessions_app/tombstone/",
    "tombstone": "sessions_app/tombstone/{tombstone}/change/",
    "entries": f"{ENTRY}/",
    "entry": f"{ENTRY}/flow-{{running}}/change/",
    "entry-set-status": f"{ENTRY}/flow-{{running}}/set-status/",
    "overview": f"{ENTRY}/overview/",
    "conflicts": "status_bridge/conflict/",
    "conflict": "status_bridge/conflict/{conflict}/change/",
    "conflict-settle": "status_bridge/conflict/{conflict}/settle/",
    "webhooks": f"{WEBHOOK}/",
    "webhook": f"{WEBHOOK}/{{webhook}}/change/",
    "webhook-parked": f"{WEBHOOK}/{{bad webhook}}/change/",
    "webhook-add": f"{WEBHOOK}/add/",
    "webhook-edit": f"{WEBHOOK}/{{webhook}}/edit/",
    "webhook-ping": f"{WEBHOOK}/{{webhook}}/ping/",
    "webhook-resume": f"{WEBHOOK}/{{webhook}}/resume/",
    "webhook-rotate": f"{WEBHOOK}/{{webhook}}/rotate/",
    "webhook-off": f"{WEBHOOK}/{{webhook}}/off/",
    "webhook-replay-since": f"{WEBHOOK}/{{webhook}}/replay-since/",
    "webhook-delete": f"{WEBHOOK}/{{webhook}}/delete/",
    "delivery": f"{WEBHOOK}/{{bad webhook}}/deliveries/{{delivery}}/",
    "delivery-replay": f"{WEBHOOK}/{{bad webhook}}/deliveries/{{delivery}}/replay/",
    "delivery-skip": f"{WEBHOOK}/{{bad webhook}}/deliveries/{{delivery}}/skip/",
    "workers": "status_bridge/workerbeat/",
    "tokens": "sessions_app/apitoken/",
    "token-add": "sessions_app/apitoken/add/",
    "token-revoke": "sessions_app/apitoken/{token}/revoke/",
    "users": "auth/user/",
    "user-add": "auth/user/add/",
    "user": "auth/user/{user}/change/",
    "user-password": "auth/user/{user}/password/",
    "user-delete": "auth/user/{user}/delete/",
    "groups": "auth/group/",
    "group-add": "auth/group/add/",
    "group": "auth/group/{group}/change/",
    "group-delete": "auth/group/{group}/delete/",
    "password": "password_change/",
    "app": "sessions_app/",
}

EMPTY = (
    "dashboard",
    "sessions",
    "stages",
    "statistics",
    "workflows",
    "versions",
    "events",
    "tombstones",
    "entries",
    "overview",
    "conflicts",
    "webhooks",
    "workers",
    "tokens",
)
"""Lists of which the empty database has a state worth looking at."""

AS_THEY_ARE = (WEBHOOK, "sessions_app/apitoken")
BY_DJANGO = ("change/", "delete/")

NO_PAGES = (
    r"\{url\}|login/|logout/|autocomplete/|jsi18n/|r/.*|password_change/done/"
    r"|.*/export/.*|.*/(live|version)/|.*/\{object_id\}/|.*/history/|.*/views/.*|.*/bulk/|.*/do/\{verb\}/.+"
    r"|.*/(run|skip|assign)/\{session_id\}/\{stage_id\}/|.*/(items|deliverables)/|.*/on/"
    r"|(sessions_app|stages_app)/(sessionevent|tombstone|flowsession|workflowversion|workflowdefinition"
    r"|stageinstance)/(add/|\{object_id\}/delete/)"
    r"|status_bridge/(conflict|statusentry)/(add/|\{object_id\}/delete/)"
)
"""Addresses that aren't pages of their own: they lead elsewhere, refuse, or answer to a form alone."""


def address(site: Site, name: str) -> str:
    """Where the page of that name is."""
    names = {"user": "", "group": "", **site.story.sessions, **site.story.names}
    wanted = [field for _text, field, _spec, _conversion in Formatter().parse(PAGES[name]) if field]
    if {"user", "group"} & {*wanted}:
        with site.data():
            names |= {"user": User.objects.get(username="viewer").pk, "group": Group.objects.get(name="shop").pk}
    # Django's own views unquote ids, and so do most of ours.
    written = str if PAGES[name].startswith(AS_THEY_ARE) and not PAGES[name].endswith(BY_DJANGO) else quote
    return "/admin/" + PAGES[name].format_map({field: written(str(names[field])) for field in wanted})


def serves(route: str, name: str) -> bool:
    """Whether the page has an address of this form, such as ``/admin/auth/user/{object_id}/change/``."""
    path = "/admin/" + PAGES[name].partition("?")[0]
    return bool(re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route)), path))
