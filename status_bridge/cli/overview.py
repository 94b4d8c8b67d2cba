"""``flow status --overview``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sessions_app.cli.call import Call
from sessions_app.cli.table import Column, table
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.text import visible
from status_bridge.health import Domain, Reason
from status_bridge.overview import Overview, overview
from status_bridge.words import count_name, level_mark, level_name

IDS_SHOWN = 5


def show_overview(call: Call) -> None:
    """The project, of what the actor may see."""
    found = overview(call.actor)
    call.show(found.as_dict, lambda: _lines(call, found))


def _lines(call: Call, found: Overview) -> Iterable[str]:
    yield _("Health: {score}").format(score=_score(found.score, found.level))
    for domain in found.domains:
        yield ""
        yield from _domain_lines(domain)
    if found.workflows:
        yield ""
        yield from _table(call, _("Workflow"), [(row["workflow_id"], row) for row in found.workflows])
        if found.workflows_left_out:
            yield ngettext(
                "{count} more is not shown.", "{count} more are not shown.", found.workflows_left_out
            ).format(count=found.workflows_left_out)
        yield ""
        yield from _table(call, _("Type"), [(row["type"] or "-", row) for row in found.types])


def _score(score: int | None, level: str) -> str:
    value = "-" if score is None else str(score)
    return f"{level_mark(level)} {value} ({level_name(level)})"


def _domain_lines(domain: Domain) -> Iterable[str]:
    yield f"{visible(domain.title)}: {_score(domain.score, domain.level)}"
    counted = [(name, value) for name, value in domain.counts.items() if type(value) is int and value]
    if counted:
        yield "  " + " · ".join(f"{visible(count_name(name))} {value}" for name, value in counted)
    for reason in domain.reasons:
        yield from _reason_lines(reason)


def _reason_lines(reason: Reason) -> Iterable[str]:
    yield f"- {visible(reason.text)}"
    shown = [visible(key) for key in reason.ids[:IDS_SHOWN]]
    yield from (f"  {key}" for key in shown)
    left = reason.count - len(shown)
    if shown and left > 0:
        yield "  " + ngettext("and {count} more", "and {count} more", left).format(count=left)


def _table(call: Call, first: str, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    columns = [
        Column(first, gives=True),
        Column(_("Open")),
        Column(_("Stuck")),
        Column(_("Failed")),
        Column(_("Completed")),
        Column(_("Health")),
    ]
    return table(columns, [_cells(name, row) for name, row in rows], width=call.terminal.width)


def _cells(name: str, row: Mapping[str, Any]) -> list[str]:
    counts = row["counts"]
    return [
        visible(name),
        str(row["open"]),
        str(row["stuck"]),
        str(counts["FAILED"]),
        str(counts["COMPLETED"]),
        _score(row["score"], row["level"]),
    ]
