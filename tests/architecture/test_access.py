"""Sessions, stages and events are read by those who may see them: no query set forgets to ask."""

import ast

import pytest

from tests.architecture.test_house import SOURCES, parsed

SEEN_BY_SOME = {"FlowSession", "StageInstance", "SessionEvent"}

# Whoever reads them without asking is listed here, so that no way around the rights comes to be unseen.
UNASKED = {
    "sessions_app/admin/event_query.py",  # how far a page looks
    "sessions_app/archiving.py",  # what ended long ago, whosever it was
    "sessions_app/bundles/conflicts.py",  # whether ids are taken, for administrators
    "sessions_app/bundles/taking.py",  # those whose ids were looked for as seen; each is asked for when it is written
    "sessions_app/bundles/writing.py",  # likewise
    "sessions_app/checkups/examining.py",  # for the doctor, whom only the local user calls
    "sessions_app/cli/completion.py",  # for the local user, who sees everything
    "sessions_app/cli/logs.py",  # the events of a session that was looked up
    "sessions_app/history.py",  # likewise
    "sessions_app/feed.py",  # likewise
    "sessions_app/services.py",  # deletes the session that is locked
    "stages_app/admin/session_filters.py",  # the stages of the sessions that a list shows
    "stages_app/brief.py",  # as the logs
    "stages_app/moving.py",  # the leases of sessions that were looked for as seen
    "stages_app/next_steps.py",  # the stage of a session that was looked up
    "stages_app/putting_back.py",  # replaces those of the session that is locked
    "stages_app/leases.py",  # the one stage that was looked up, or is locked with its session
    "stages_app/standing.py",  # likewise
    "stages_app/stats/durations.py",  # those of sessions that were looked for as seen
    "stages_app/stats/found.py",  # likewise
    "status_bridge/checkups.py",  # as the doctor
    "status_bridge/entries.py",  # makes the entries that are missing
    "status_bridge/tracking.py",  # those that a subscription tells of
    "vcflow_site/backups/restoring.py",  # how many a restore would replace
    "vcflow_site/doctor/against.py",  # as the doctor
}


def asks(source: str) -> tuple[int, int]:
    """How often the rows are read, and how often ``visible_to`` comes first."""
    read = asked = 0
    for node in ast.walk(parsed(source)):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr="objects" | "_default_manager") if name in SEEN_BY_SOME:
                read += 1
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id=name), attr="objects"), attr="visible_to") if (
                name in SEEN_BY_SOME
            ):
                asked += 1
    return read, asked


@pytest.mark.parametrize("source", SOURCES)
def test_rows_are_read_by_those_who_see_them(source):
    read, asked = asks(source)
    if source not in UNASKED:
        assert read == asked


def test_list_of_those_who_read_unasked_is_true():
    assert {source for source in SOURCES if len(set(asks(source))) == 2} == UNASKED
