"""Whatever is typed, a command ends with a status and a sentence, never with a traceback."""

import pytest

from sessions_app.cli.tree import Command, Node
from tests.cli.conftest import Run
from vcflow_site.cli import FLOW

WORDS = (
    "",
    " ",
    "\udcff",
    "\x1b[2J",
    "\u202e",
    "用户" * 50,
    "x" * 10_000,
    "%",
    "'; DROP TABLE flow_sessions; --",
    "../../etc/passwd",
    "a:b:c",
    "a=b=c",
    "-1",
    "1" * 400,
)
KNOWN_STATUSES = {0, 2, 3, 5, 6, 7}
ENDS = {"worker": ["--once"], "backup create": ["-o", "/nowhere/at/all.backup"]}
"""What else keeps a command from going on for ever, or from what can't be done inside a transaction."""
LEFT_ALONE = ("--limit", "--as", "-o")


def paths(node: Node, path: tuple[str, ...] = ()) -> dict[str, Command]:
    """Every command below a node by the words that name it."""
    if isinstance(node, Command):
        return {" ".join(path): node}
    return {name: found for member in node.members for name, found in paths(member, (*path, member.name)).items()}


COMMANDS = paths(FLOW)


@pytest.mark.parametrize("name", COMMANDS)
def test_hostile_words_are_refused_or_do_no_harm(run: Run, session_id: str, name: str) -> None:
    flags = [argument.flags[0] for argument in COMMANDS[name].arguments]
    positional = [flag for flag in flags if not flag.startswith("-")]
    takers = [
        argument.flags[0]
        for argument in COMMANDS[name].arguments
        if argument.flags[0].startswith("-") and argument.options.get("action") in (None, "append")
    ]
    for word in WORDS:
        words = [word] * len(positional)
        options = [f"{flag}={word}" for flag in takers if flag not in LEFT_ALONE]
        for line in (words, ["--", *words], [*options, "--", *words]):
            result = run("flow", *name.split(), "--json", *ENDS.get(name, []), *line)
            assert result.status in KNOWN_STATUSES, result.err
            assert "\x1b" not in result.out + result.err
            assert "\u202e" not in result.out + result.err
    assert run("flow", "session", "list", "--all").status == 0
