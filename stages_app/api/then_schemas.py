"""A session as it was, in the API's documentation."""

from __future__ import annotations

from sessions_app.api import examples
from sessions_app.api.documents import array, obj, ref, register
from sessions_app.api.session_schemas import SESSION, TIME

EXAMPLE = {
    "as_of": {"seq": 3, "type": "item.done", "created_at": "2026-03-02T09:14:00Z"},
    **{name: value for name, value in examples.SESSION_DETAIL.items() if name != "status_entry"},
    "allowed_actions": [],
}

register(
    {
        "SessionThen": obj(
            {
                "as_of": obj(
                    {
                        "seq": {"type": "integer", "minimum": 1, "description": "Its number; the session's `version`."},
                        "type": {"type": "string"},
                        "created_at": TIME,
                    },
                    about="The last event that had happened.",
                ),
                **SESSION,
                "stages": array(ref("SessionStage"), description="As they were."),
            },
            about="A session as it was after one of its events.",
        )
    }
)
