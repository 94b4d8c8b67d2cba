"""Play a workflow file from import to completion with the real commands, each in a process of its own.

    python examples/demo.py examples/rules/release-flow.mdc

Every command is shown as one would type it, with what it answered; of the hints for
what to do next, with which most answers end, only one is shown.  The first stage is
interrupted: one process pauses the session, another resumes it.  The data goes
into a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sessions_app.language import localised

VC = str(Path(sys.executable).with_name("vc"))
RULES = Path(os.path.relpath(Path(__file__).with_name("rules")))

NAME = {"zh-hans": "演示", "en": "Demo"}
REASON = {"zh-hans": "下班了", "en": "going home"}
INTERRUPTION = {
    "zh-hans": "暂停会话的进程 {pid} 已经结束。第二天早上，另一个进程只靠数据库接着做：",
    "en": "Process {pid}, which paused the session, has ended. The next morning, another goes on from the database:",
}


class Player:
    """Runs ``vc`` commands, all with the same environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = {**environ, "VCFLOW_SESSION": "", "PYTHONIOENCODING": "utf-8"}
        self._told: set[str] = set()

    def show(self, *words: str) -> int:
        """Run a command in front of the audience; returns the process's id, and ends the demo when it fails."""
        self._say(f"$ vc {shlex.join(words)}")
        pid, answer = self._run(*words)
        print("\n".join(self._news(answer)))
        return pid

    def show_whole(self, *words: str) -> None:
        """Run a command and show all that it answers."""
        self._say(f"$ vc {shlex.join(words)}")
        print(self._run(*words)[1])

    def remark(self, text: str) -> None:
        """Tell the audience something; what was told before is new to it again."""
        self._told.clear()
        print()
        self._say(f"# {text}")

    def ask(self, *words: str) -> Any:
        """The data of a command's JSON answer."""
        return json.loads(self._run(*words, "--json")[1])["data"]

    def prepare(self) -> None:
        """Let the first command set the database up and say so."""
        self._run("flow", "list")

    def _say(self, line: str) -> None:
        print(f"\x1b[1m{line}\x1b[0m" if sys.stdout.isatty() else line, flush=True)

    def _run(self, *words: str) -> tuple[int, str]:
        process = subprocess.Popen([VC, *words], env=self._environ, stdout=subprocess.PIPE, encoding="utf-8")
        answer = process.communicate()[0].rstrip()
        if process.returncode:
            raise SystemExit(f"{answer}\nThe command failed with exit code {process.returncode}.".lstrip())
        return process.pid, answer

    def _news(self, answer: str) -> Iterator[str]:
        """What happened: the answer without its hints, and without details that were told before."""
        for line in answer.partition("\n\n")[0].splitlines():
            if not line.startswith(" ") or line not in self._told:
                yield line
            self._told.add(line)


def play(player: Player, file: str) -> None:
    """Import ``file`` and play a session of each workflow that it holds."""
    player.show("flow", "import", file)
    for reading in player.ask("flow", "import", "--dry-run", file):
        if reading["workflow"]:
            _play_session(player, reading["workflow"])


def _play_session(player: Player, workflow: Mapping[str, Any]) -> None:
    first, *others = _in_order(workflow["stages"])
    print()
    player.show("flow", "run", f"{workflow['id']}:{first['id']}", "--name", localised(NAME))
    session_id = player.ask("flow", "session", "current")["id"]
    items = _items(first)
    if len(items) > 1:
        player.show("flow", "item", "done", items.pop(0))
    _interrupt(player)
    _finish(player, first, items)
    for stage in others:
        if _status(player, session_id) == "COMPLETED":  # with the last required stage; optional ones may be left
            break
        print()
        player.show("flow", "run", f"{workflow['id']}:{stage['id']}", "--session", session_id)
        _finish(player, stage, _items(stage))
    print()
    player.show_whole("flow", "status", session_id)
    if _status(player, session_id) != "COMPLETED":
        raise SystemExit("The session should be completed by now.")


def _interrupt(player: Player) -> None:
    pid = player.show("flow", "session", "pause", "--reason", localised(REASON))
    player.remark(localised(INTERRUPTION).format(pid=pid))
    player.show("flow", "session", "resume")
    player.show("flow", "next")


def _finish(player: Player, stage: Mapping[str, Any], items: list[str]) -> None:
    if items:
        player.show("flow", "item", "done", *items)
    words = [f"{name}=docs/{name.replace(' ', '-')}.md" for name in (given["id"] for given in stage["deliverables"])]
    player.show("flow", "stage", "complete", *(word for given in words for word in ("--deliverable", given)))


def _items(stage: Mapping[str, Any]) -> list[str]:
    """How a person names the stage's items: by their numbers, unless numbers are their ids."""
    ids = [item["id"] for item in stage["checklist"]]
    return ids if any(map(str.isdigit, ids)) else [str(number) for number in range(1, len(ids) + 1)]


def _status(player: Player, session_id: str) -> str:
    return str(player.ask("flow", "session", "show", session_id)["status"])


def _in_order(stages: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The stages, each after those that it depends on."""
    waiting = list(stages)
    done: set[str] = set()
    while waiting:
        stage = next(stage for stage in waiting if done.issuperset(stage["depends_on"]))
        yield stage
        waiting.remove(stage)
        done.add(stage["id"])


def file_parser(description: str) -> argparse.ArgumentParser:
    """A parser that takes the file to play; left out, it is one in the language of the audience."""
    parser = argparse.ArgumentParser(description=description)
    default = {"zh-hans": "hotfix-flow.mdc", "en": "release-flow.mdc"}
    parser.add_argument("file", nargs="?", default=str(RULES / localised(default)), help="a workflow or rule file")
    return parser


def main() -> None:
    file = file_parser("Play a workflow file from import to completion.").parse_args().file
    with tempfile.TemporaryDirectory(prefix="vcflow-demo-") as home:
        try:
            play(Player({**os.environ, "VCFLOW_HOME": home, "VCFLOW_DATABASE_URL": ""}), file)
        except BrokenPipeError:  # the audience has left
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
