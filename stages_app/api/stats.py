"""``/stats/``: how long things take, where the time goes, what fails."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.operations import Answer, operation, query
from sessions_app.api.selection import read_number
from sessions_app.api.views import ApiViewSet
from sessions_app.api.workflows import WORKFLOW_ID
from sessions_app.publishing import get_workflow
from stages_app.api import stats_examples as examples
from stages_app.stats.representation import statistics_json
from stages_app.stats.statistics import statistics
from stages_app.stats.window import Window, read_window

_TAG = "stats"
_TIME = {"type": "string", "maxLength": 80}
SINCE = query(
    "since", _TIME, "From when: `30d`, `12h` or `4w` ago, a day, or a moment; 30 days before `until` if left out."
)
UNTIL = query("until", _TIME, "To when, likewise, that moment itself not included; now if left out.")
VERSION = query("version", {"type": "integer", "minimum": 1}, "Only the sessions of this version.")


class Stats(ApiViewSet):
    """Figures of what ended in a time."""

    @operation(
        "getStatistics",
        "Read statistics",
        "Of every workflow of which the caller may see sessions that ended in a time or are open, at most 50: those of"
        " which most ended. Times are of the 2,000 sessions that ended last.",
        tag=_TAG,
        parameters=[SINCE, UNTIL],
        answer=Answer("Statistics", "The figures.", examples.STATISTICS),
    )
    def list(self, request: Request) -> Response:
        """Of all workflows."""
        return Response(statistics_json(statistics(self.actor, _window(request))))

    @operation(
        "getWorkflowStatistics",
        "Read a workflow's statistics",
        "The same of one workflow, or of one version of it.",
        tag=_TAG,
        parameters=[WORKFLOW_ID, SINCE, UNTIL, VERSION],
        answer=Answer("Statistics", "The figures.", examples.STATISTICS),
        errors=[404],
    )
    def retrieve(self, request: Request, workflow_id: str) -> Response:
        """Of one."""
        window, number = _window(request), read_number(request, "version")
        return Response(statistics_json(statistics(self.actor, window, get_workflow(workflow_id), number)))


def _window(request: Request) -> Window:
    return read_window(request.query_params.get("since"), request.query_params.get("until"))
