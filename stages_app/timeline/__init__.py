"""Where the time of a session and of its attempts went, computed from the event log.

:func:`timeline` is pure: steps of the log and a time in, bands out.  Statistics and pages share it,
so the same figure is the same everywhere.  Lengths are ``timedelta``.
"""

from stages_app.timeline.bands import GONE, Band, Kind, Line, Spent, Step, Timeline, spent, timeline

__all__ = ["GONE", "Band", "Kind", "Line", "Spent", "Step", "Timeline", "spent", "timeline"]
