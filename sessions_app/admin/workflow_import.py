"""Import in the admin: first what the files say and would change, then, unchanged, their import.

Between both nothing is stored: the second form carries the texts, signed for this user, so that what is
imported is exactly what was shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.core.signing import BadSignature, TimestampSigner
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from sessions_app.actors import Actor
from sessions_app.admin.pages import Pages
from sessions_app.admin.parts import actor_of
from sessions_app.admin.workflow_texts import compared, described, lines_visible
from sessions_app.definitions import batch, read_bytes
from sessions_app.definitions.diff import compare
from sessions_app.definitions.schema import Definition, Problem, Reading
from sessions_app.exceptions import FlowError, InvalidInput
from sessions_app.importing import Imported, import_readings, import_texts
from sessions_app.language import gettext, ngettext
from sessions_app.models import WorkflowDefinition, WorkflowVersion
from sessions_app.text import clean_name, visible

NAME_LENGTH = 255
PASTED_AS = "workflow.yaml"

CARRIED_BYTES = 900 * 1024
"""What the second form may carry: a request has 1 MiB at most."""

CARRIED_SECONDS = 24 * 60 * 60

_LIST = "admin:sessions_app_workflowdefinition_changelist"
_PAGE = "admin:sessions_app_workflowdefinition_change"


class WorkflowImport(Pages):
    """Stands before ``ModelAdmin``."""

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """The form, what the files say, or the import of what was shown."""
        self.admit(request)
        actor = actor_of(request)
        if not actor.rights.may_define:
            raise PermissionDenied
        try:
            if "carried" in request.POST:
                return self._import(request, actor, _taken_up(request))
            if request.method == "POST":
                return self._preview(request, actor, _given(request))
        except FlowError as error:
            return self._form(request, error)
        return self._form(request)

    def _form(self, request: HttpRequest, error: FlowError | None = None) -> HttpResponse:
        told = {"message": visible(error.message), "fix": visible(error.fix)} if error else None
        return self.page(request, "sessions_app/import.html", _("Import workflows"), error=told, **_pasted(request))

    def _preview(self, request: HttpRequest, actor: Actor, files: Mapping[str, bytes]) -> HttpResponse:
        readings = batch.read_all(files, lambda name: read_bytes(files[name], name))
        has_errors = any(reading.errors for reading in readings)
        found = [reading.definition for reading in readings if reading.definition]
        if not has_errors:
            import_readings(actor, readings, dry_run=True)
        changes = _changes(found)
        return self.page(
            request,
            "sessions_app/import_preview.html",
            _("Look before you import"),
            readings=[_reading(each, changes) for each in sorted(readings, key=lambda each: not each.errors)],
            **_errors(sum(len(reading.errors) for reading in readings)),
            is_nothing_new=all(change["is_same"] for change in changes.values()),
            carried="" if has_errors or not found else _carried(actor, files),
            **_pasted(request),
        )

    def _import(self, request: HttpRequest, actor: Actor, texts: Mapping[str, str]) -> HttpResponse:
        imported = import_texts(actor, texts)
        for text, address in _told(imported):
            told = format_html('{} <a href="{}">{}</a>', text, address, gettext("Open it"))
            self.message_user(request, told, messages.SUCCESS)
        ids = list(imported.versions)
        return redirect(_PAGE, quote(ids[0])) if len(ids) == 1 else redirect(_LIST)


def _pasted(request: HttpRequest) -> dict[str, str]:
    """What stood in the form, to be mended."""
    return {"text": request.POST.get("text", ""), "name": request.POST.get("name") or PASTED_AS}


def _given(request: HttpRequest) -> dict[str, bytes]:
    """The files' contents by their names, and what was pasted; names must differ, for errors are told by them."""
    given: list[tuple[str | None, bytes]] = [(file.name, file.read()) for file in request.FILES.getlist("files")]
    pasted = request.POST.get("text", "")
    if pasted.strip():
        # A browser sends every line's end as two characters.
        given.append((request.POST.get("name") or PASTED_AS, pasted.replace("\r\n", "\n").encode()))
    if not given:
        raise InvalidInput(gettext("There is nothing to import."), fix=gettext("Choose files, or paste a text."))
    files: dict[str, bytes] = {}
    for raw_name, content in given:
        name = clean_name(raw_name, gettext("file name"), limit=NAME_LENGTH)
        if name in files:
            raise InvalidInput(
                gettext("Two of the files are called {name}.").format(name=visible(name)),
                fix=gettext("Give each file a name of its own."),
            )
        files[name] = content
    return files


def _signer(actor: Actor) -> TimestampSigner:
    return TimestampSigner(salt=f"vcflow.import.{actor.user.pk}")


def _carried(actor: Actor, files: Mapping[str, bytes]) -> str:
    """The files' texts for the second form."""
    carried = _signer(actor).sign_object({name: raw.decode() for name, raw in files.items()}, compress=True)
    if len(carried) > CARRIED_BYTES:
        raise InvalidInput(
            gettext("The files are too large to be imported together."), fix=gettext("Import them in several parts.")
        )
    return carried


def _taken_up(request: HttpRequest) -> dict[str, str]:
    try:
        texts: dict[str, str] = _signer(actor_of(request)).unsign_object(
            request.POST["carried"], max_age=CARRIED_SECONDS
        )
    except BadSignature as error:
        raise InvalidInput(
            gettext("This is not what was shown, or it was shown more than a day ago."),
            fix=gettext("Choose the files once more."),
        ) from error
    return texts


def _changes(found: Iterable[Definition]) -> dict[str, dict[str, Any]]:
    """What an import would do, by the workflow's id."""
    definitions = {definition.id: definition for definition in found}
    known = WorkflowDefinition.objects.in_bulk(list(definitions))
    latest = WorkflowVersion.objects.filter(workflow__in=known, number=F("workflow__latest_version"))
    newest = {version.workflow_id: version for version in latest}
    return {key: _change(definition, known.get(key), newest.get(key)) for key, definition in definitions.items()}


def _change(
    definition: Definition, workflow: WorkflowDefinition | None, newest: WorkflowVersion | None
) -> dict[str, Any]:
    if workflow is None or newest is None:
        return {"is_same": False, "told": gettext("A new workflow: this becomes its version 1.")}
    if newest.digest == definition.digest():
        told = gettext("It says what version {number} says already: nothing changes.").format(number=newest.number)
        return {"is_same": True, "told": told}
    found = compare(Definition.from_content(newest.content), definition)
    return {
        "is_same": False,
        "told": gettext("This becomes version {number}.").format(number=newest.number + 1),
        "is_retired": workflow.retired_at is not None,
        "before": newest.number,
        "comparison": compared(found),
    }


def _reading(reading: Reading, changes: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    definition = reading.definition
    return {
        "file": visible(reading.file),
        "definition": described(definition, reading.stage_lines) if definition else None,
        "change": changes.get(definition.id) if definition else None,
        "errors": _problems(reading.errors),
        "warnings": _problems(reading.warnings),
    }


def _errors(count: int) -> dict[str, Any]:
    told = ngettext("The files have {count} error.", "The files have {count} errors.", count).format(count=count)
    return {"error_count": count, "told_errors": told}


def _problems(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = lines_visible([batch.problem_json(problem) for problem in problems])
    return told


def _told(imported: Imported) -> Iterable[tuple[str, str]]:
    """What became of each workflow, and its page."""
    for workflow_id, made in imported.versions.items():
        done = gettext("Imported: {id}, version {number}.")
        same = gettext("The workflow {id} is unchanged, version {number}.")
        text = (done if made.published.created else same).format(id=workflow_id, number=made.published.version.number)
        yield text, reverse(_PAGE, args=[quote(workflow_id)])
