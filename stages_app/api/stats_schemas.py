"""Statistics, in the API's documentation."""

from __future__ import annotations

from sessions_app.api.documents import Schema, array, nullable, obj, ref, register
from sessions_app.api.session_schemas import TIME

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_MICROSECONDS = {"type": "integer", "minimum": 0, "description": "Whole microseconds."}
_SHARE = nullable("number", minimum=0, description="From 0 to 1; null when there is nothing to share.")
_LENGTHS = {"anyOf": [ref("StatisticsLengths"), {"type": "null"}]}
_AGE = nullable("integer", minimum=0, description="Whole microseconds; null when none is open or too many are.")

_TIMES = {
    "cycle": {**_LENGTHS, "description": "From the first start to the end."},
    "parts": {
        "anyOf": [ref("StatisticsParts"), {"type": "null"}],
        "description": "What that time was; the totals of all parts are the total of `cycle`.",
    },
}


def _counted(name: str, about: str) -> Schema:
    return array(obj({name: {"type": "string", "format": "date"}, "completed": _COUNT}), description=about)


register(
    {
        "StatisticsLengths": obj(
            {"count": _COUNT, "p50": _MICROSECONDS, "p90": _MICROSECONDS, "total": _MICROSECONDS},
            about="Half of them are at most `p50`, nine of ten at most `p90`: values that did occur.",
        ),
        "StatisticsParts": obj(
            {kind: ref("StatisticsLengths") for kind in ("active", "waiting", "paused", "failed", "ended")},
            about="`ended` is the time between an end and a new beginning.",
        ),
        "StatisticsRework": obj(
            {
                "begun": {**_COUNT, "description": "How many stages were begun."},
                "repeated": {**_COUNT, "description": "How many of them took more than one attempt."},
                "share": _SHARE,
                "mean_attempts": nullable("number", minimum=0),
            }
        ),
        "StatisticsReason": obj(
            {
                "reason": {"type": "string", "description": "As most wrote it; empty where nobody said why."},
                "count": _COUNT,
                "stage_ids": array(_TEXT, description="At which stages, the most frequent first."),
            }
        ),
        "StageStatistics": obj(
            {
                "stage_id": _TEXT,
                "name": _TEXT,
                **_TIMES,
                "share": {**_SHARE, "description": "Its time under way, of the time that the sessions took."},
                "rework": ref("StatisticsRework"),
                "failures": _COUNT,
            }
        ),
        "WorkflowStatistics": obj(
            {
                "workflow_id": _TEXT,
                "name": _TEXT,
                "version": nullable("integer", minimum=1, description="The version asked for."),
                "completed": _COUNT,
                "aborted": _COUNT,
                "failed": {**_COUNT, "description": "Failed, and so far nobody went on with them."},
                "open": obj({"count": _COUNT, "p50": _AGE, "p90": _AGE, "longest": _AGE}),
                "throughput": obj(
                    {"per_day": {"type": "number", "minimum": 0}, "per_week": {"type": "number", "minimum": 0}},
                    about="Completed sessions in 24 hours and in 7 days, on average over the whole time.",
                ),
                "per_day": _counted("day", "Every day of the time asked for, in the server's zone."),
                "per_week": _counted("week", "The same by weeks, each named by its Monday."),
                "sampled": {**_COUNT, "description": "Of so many completed sessions the figures below are made."},
                **_TIMES,
                "before_start": {**_LENGTHS, "description": "From the creation to the first start."},
                "first_pass": obj({"sessions": _COUNT, "share": _SHARE}),
                "rework": ref("StatisticsRework"),
                "bottleneck": {
                    "anyOf": [
                        obj(
                            {
                                "stage_id": _TEXT,
                                "name": _TEXT,
                                "share": _SHARE,
                                "text": {"type": "string", "description": "In the caller's language."},
                            }
                        ),
                        {"type": "null"},
                    ]
                },
                "failures": array(
                    ref("StatisticsReason"), description="The five most frequent, of stages and sessions."
                ),
                "aborts": array(ref("StatisticsReason"), description="The five most frequent."),
                "stages": array(ref("StageStatistics"), description="Those that were begun, in the workflow's order."),
            }
        ),
        "Statistics": obj(
            {
                "since": TIME,
                "until": TIME,
                "ended": {**_COUNT, "description": "How many sessions were completed, aborted or failed."},
                "sampled": {**_COUNT, "description": "Of how many of them, the newest, the logs were read."},
                "reach": nullable(
                    "string",
                    format="date-time",
                    description="When more than 50,000 ended: nothing before this moment is counted.",
                ),
                "workflows": array(ref("WorkflowStatistics")),
                "workflows_left_out": _COUNT,
            }
        ),
    }
)
