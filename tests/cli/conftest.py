"""Commands played inside the test's process, on streams that can be read."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from sessions_app.actors import local_actor
from sessions_app.cli.terminal import Terminal
from sessions_app.definitions.schema import ChecklistItem, Definition, Deliverable, StageDefinition, Transition
from sessions_app.publishing import publish
from vcflow_site import stamp
from vcflow_site.cli import VC, Mount, main


class Stream(io.StringIO):
    """A stream that may be a terminal."""

    def __init__(self, text: str = "", *, tty: bool = False) -> None:
        super().__init__(text)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


@dataclass
class Result:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What the JSON document says."""
        document = json.loads(self.out)
        assert document["schema_version"] == 1
        return document["data"]

    @property
    def diagnostic(self) -> dict[str, Any]:
        """The one JSON diagnostic."""
        found: dict[str, Any] = json.loads(self.err)
        return found


Run = Callable[..., Result]


def play(*words: str, typed: str | None = None, mount: Mount = VC, **environ: str) -> Result:
    """Run ``vc`` with the given words; ``typed`` is what somebody at a terminal answers."""
    tty = typed is not None
    out, err = Stream(), Stream(tty=tty)
    terminal = Terminal(out, err, Stream(typed or "", tty=tty), {"COLUMNS": "80", "NO_COLOR": "1", **environ})
    status = main(mount, list(words), terminal)
    return Result(status, out.getvalue(), err.getvalue())


@pytest.fixture
def run(db: None) -> Run:
    """Runs ``vc`` with the given words: see :func:`play`."""
    stamp.mark_complete()
    return play


@pytest.fixture
def dev(db: None) -> Definition:
    """A published workflow of three stages."""
    definition = Definition(
        id="dev",
        name={"zh-hans": "开发工作流", "en": "Development"},
        description="From story to review",
        type="development",
        stages=(
            StageDefinition(
                "story",
                {"zh-hans": "故事", "en": "Story"},
                1,
                exit_condition="Everybody agrees",
                checklist=(
                    ChecklistItem("write", "Write it"),
                    ChecklistItem("polish", "Polish it", required=False),
                ),
                deliverables=(Deliverable("story.md", "story.md"),),
            ),
            StageDefinition("coding", "Coding", 2, depends_on=("story",)),
            StageDefinition("review", "Review", 3, required=False),
        ),
        transitions=(Transition("story", "coding", "agreed"), Transition("coding", "review")),
    )
    publish(local_actor(), definition)
    return definition


@pytest.fixture
def session_id(run: Run, dev: Definition) -> str:
    """An active session, the current one."""
    created: str = run("flow", "session", "create", "dev", "--name", "User auth", "--json").data["id"]
    return created
