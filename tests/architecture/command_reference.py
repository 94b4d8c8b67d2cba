"""The reference of all commands in ``docs/commands.md``, made from the parser tree.

    python -m tests.architecture.command_reference

writes it anew between the two markers; a test fails when that was forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sessions_app.cli.arguments import CHANGE, JSON
from sessions_app.cli.tree import Argument, Command, Node
from sessions_app.language import activate
from sessions_app.language import gettext as _
from vcflow_site.cli import VC

PAGE = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
BEGIN, END = "<!-- made from the parser tree: begin -->\n", "<!-- made from the parser tree: end -->\n"

EXAMPLES = {
    "init": "vc init --port 9000",
    "completion": "vc completion bash",
    "token create": "vc token create ci --scope read --scope work --team web --expires-in 30d",
    "token list": "vc token list --all",
    "token revoke": "vc token revoke vcf_1f4a9c",
    "flow run": 'vc flow run dev:story --name "User login"',
    "flow status": 'vc flow status dev-user-login-7k3q --set ON_HOLD --reason "waiting for the design"',
    "flow next": "vc flow next --json",
    "flow context": "vc flow context",
    "flow inbox": "vc flow inbox --as mei",
    "flow stats": "vc flow stats dev --since 90d --version 2",
    "flow conflict list": "vc flow conflict list --session dev-user-login-7k3q",
    "flow conflict show": "vc flow conflict show 7",
    "flow conflict settle": 'vc flow conflict settle 7 --keep ours --reason "the name stands in the contract"',
    "flow webhook create": "vc flow webhook create board https://board.example.com/ --team web --event 'session.*'",
    "flow webhook list": "vc flow webhook list --json",
    "flow webhook show": "vc flow webhook show board",
    "flow webhook update": "vc flow webhook update board --event session.completed --event session.failed",
    "flow webhook rotate": "vc flow webhook rotate board",
    "flow webhook ping": "vc flow webhook ping board",
    "flow webhook log": "vc flow webhook log board --state PARKED",
    "flow webhook replay": "vc flow webhook replay board --since 2026-03-02T08:00:00Z",
    "flow webhook resume": "vc flow webhook resume board",
    "flow webhook skip": 'vc flow webhook skip board 4711 --reason "the board has no such card"',
    "flow webhook delete": "vc flow webhook delete board",
    "flow doctor": "vc flow doctor --session dev-user-login-7k3q --fix",
    "flow worker": "vc flow worker --threads 8",
    "flow list": "vc flow list --type development",
    "flow show": "vc flow show dev",
    "flow retire": "vc flow retire research",
    "flow migrate": "vc flow migrate dev --map coding=implementation --dry-run",
    "flow import": "vc flow import examples/rules/hotfix-flow.mdc --dry-run",
    "flow export": "vc flow export --sessions --workflow dev --all -o dev.jsonl.gz",
    "flow archive": "vc flow archive --older-than 90d --dry-run",
    "flow validate": "vc flow validate examples/rules/hotfix-flow.mdc",
    "flow visualize": "vc flow visualize dev --format mermaid",
    "flow backup create": "vc flow backup create -o /mnt/elsewhere/",
    "flow backup list": "vc flow backup list",
    "flow backup verify": "vc flow backup verify vcflow-20261121T030000Z-5e1c0f.backup",
    "flow backup restore": "vc flow backup restore vcflow-20261121T030000Z-5e1c0f.backup --force",
    "flow plugin list": "vc flow plugin list --json",
    "flow item done": "vc flow item done 1 2",
    "flow item undo": "vc flow item undo 2 --stage story",
    "flow item add": 'vc flow item add "Ask the security team" --optional',
    "flow deliverable add": "vc flow deliverable add story=@docs/story.md",
    "flow stage start": "vc flow stage start spec",
    "flow stage pause": 'vc flow stage pause --reason "waiting for the review"',
    "flow stage resume": "vc flow stage resume",
    "flow stage complete": "vc flow stage complete --deliverable story=docs/story.md",
    "flow stage fail": 'vc flow stage fail coding --reason "the library can not do it"',
    "flow stage skip": 'vc flow stage skip spec --reason "a one-line change"',
    "flow stage retry": "vc flow stage retry coding",
    "flow stage claim": "vc flow stage claim coding --for 600 --holder 'agent 7'",
    "flow stage heartbeat": "vc flow stage heartbeat coding --lease 12",
    "flow stage release": "vc flow stage release coding --lease 12",
    "flow session recover": "vc flow session recover --mine",
    "flow stage assign": "vc flow stage assign review --to mei",
    "flow savepoint create": 'vc flow savepoint create --note "before the big change"',
    "flow savepoint list": "vc flow savepoint list dev-user-login-7k3q",
    "flow savepoint show": "vc flow savepoint show dev-user-login-7k3q@12",
    "flow savepoint diff": "vc flow savepoint diff last",
    "flow savepoint restore": 'vc flow savepoint restore 12 --reason "the wrong branch"',
    "flow savepoint fork": 'vc flow savepoint fork 12 --name "The other way"',
    "flow session list": "vc flow session list --status PAUSED --status FAILED --mine",
    "flow session show": "vc flow session show dev-user-login-7k3q --at 12",
    "flow session create": 'vc flow session create dev --name "User login" --context branch=login --tag web',
    "flow session start": "vc flow session start dev-user-login-7k3q",
    "flow session pause": 'vc flow session pause --reason "going home"',
    "flow session resume": "vc flow session resume",
    "flow session complete": 'vc flow session complete --force --reason "reviewed elsewhere"',
    "flow session fail": 'vc flow session fail --reason "the supplier is gone"',
    "flow session reopen": 'vc flow session reopen dev-user-login-7k3q --reason "a case was missed"',
    "flow session abort": 'vc flow session abort --reason "no longer wanted"',
    "flow session note": 'vc flow session note dev-user "the token expires after an hour"',
    "flow session switch": "vc flow session switch dev-user-login-7k3q",
    "flow session current": "vc flow session current",
    "flow session update": "vc flow session update --context branch=login --context retries:=3",
    "flow session delete": "vc flow session delete dev-user-login-7k3q --force",
    "flow session logs": "vc flow session logs --level WARNING --follow",
}
"""One command line for each command."""

_ACTS_ON_A_SESSION = {"session", "--session", "place", "--no-start"}
_NAMES_SOMETHING = {*_ACTS_ON_A_SESSION, "workflow", "--workflow", "workflows", "target"} - {"--no-start"}


def commands(node: Node = VC.root, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Command]]:
    """Every command with the words that name it below ``vc``."""
    if isinstance(node, Command):
        yield " ".join(path), node
        return
    for member in node.members:
        yield from commands(member, (*path, member.name))


def reference() -> str:
    """The whole reference in Markdown, in English."""
    activate("en")
    return "\n".join(line for name, command in commands() for line in _section(name, command))


def updated(page: str) -> str:
    """``page`` with the reference between its markers made anew."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + "\n" + reference() + END + rest.split(END)[1]


def _section(name: str, command: Command) -> Iterator[str]:
    own = [argument for argument in command.arguments if argument not in (*CHANGE, JSON)]
    yield f"### `vc {name}`\n"
    about = _(command.about)
    yield f"{about[0].upper()}{about[1:]}.\n"
    yield f"```text\nvc {' '.join([name, *map(_usage, command.arguments)])}\n```\n"
    if own:
        yield "| argument | meaning |\n| --- | --- |"
        yield from (f"| `{argument.flags[-1]}` | {_(argument.about)} |" for argument in own)
        yield ""
    yield f"Example: `{EXAMPLES[name]}`\n"
    yield f"Exit codes: {', '.join(map(str, _exit_statuses(command)))}\n"


def _usage(argument: Argument) -> str:
    options = argument.options
    choices = options.get("choices")
    value = "|".join(choices) if isinstance(choices, list) else str(options.get("metavar", ""))
    if not argument.flags[0].startswith("-"):
        return {"?": f"[{value}]", "+": f"{value}…"}.get(str(options.get("nargs", "")), value)
    takes_no_value = str(options.get("action", "")).startswith("store_")
    option = argument.flags[-1] if takes_no_value else f"{argument.flags[-1]} {value}"
    if options.get("required"):
        return option
    return f"[{option}]…" if options.get("action") == "append" else f"[{option}]"


def _exit_statuses(command: Command) -> list[int]:
    """Those that this command may end with besides the ones that every command may."""
    flags = {flag for argument in command.arguments for flag in argument.flags}
    found = {0}
    if flags & _NAMES_SOMETHING or command.name == "current":
        found |= {3, 6}
    if flags & {"files", "file"}:
        found.add(3)
    if "file" in flags and "--force" in flags:
        found |= {5, 7}
    if "--output" in flags and "--as" in flags:
        found.add(5)
    if "token" in flags:
        found |= {3, 6}
    if "--scope" in flags:
        found |= {4, 5}
    if "--as" in flags:
        found |= {3, 4}
    if "--as" in flags and flags & _ACTS_ON_A_SESSION:
        found |= {5, 7}
    return sorted(found)


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text()))
