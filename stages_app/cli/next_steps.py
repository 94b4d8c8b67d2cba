"""What is legal next for a session, as commands."""

from __future__ import annotations

from sessions_app.cli.call import Step
from sessions_app.models import FlowSession
from stages_app import next_steps as steps


def next_steps(flow_session: FlowSession, lease: int | None = None) -> list[Step]:
    """The legal next commands, best first; ``lease`` is the token of whoever asks."""
    return [Step(step.words, step.why) for step in steps.next_steps(flow_session, lease=lease)]
