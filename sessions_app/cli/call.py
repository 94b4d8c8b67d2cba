"""One invocation of a command that works with the database."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from sessions_app.actors import Actor, act_as, local_actor
from sessions_app.cli.invocation import Invocation
from sessions_app.cli.terminal import Terminal
from sessions_app.current import Chosen, choose_session
from sessions_app.exceptions import Ambiguous, FlowError
from sessions_app.language import gettext as _
from sessions_app.lease_tokens import read_token
from sessions_app.lookup import ambiguous_session, find_session
from sessions_app.masking import shown
from sessions_app.models import FlowSession
from sessions_app.revealing import reveal
from sessions_app.text import visible
from sessions_app.words import session_state

TRIES = 3
"""How often somebody is asked which session is meant."""


class Step(NamedTuple):
    """A command that is legal now, as words below the program's name, and why one would use it."""

    words: Sequence[str]
    why: str


Steps = Callable[[FlowSession, int | None], Iterable[Step]]


class Call(Invocation):
    """An invocation with an actor and sessions.

    ``steps`` lists what is legal next for a session, and whoever holds a lease of that token; the roof hands it in, for
    the ground doesn't know the stages.
    """

    def __init__(self, args: Namespace, terminal: Terminal, program: str, steps: Steps) -> None:
        super().__init__(args, terminal, program)
        self._steps = steps
        self._claimed: int | None = None

    @cached_property
    def actor(self) -> Actor:
        """The local user, or the one named by ``--as``."""
        local = local_actor(door="cli")
        name: str | None = getattr(self.args, "as_user", None)
        return local if name is None else act_as(name, submitted_by=local)

    @property
    def lease(self) -> int | None:
        """The token of the lease that is held: ``--lease``, else ``VCFLOW_LEASE``; None where no lease is asked for."""
        if "lease" not in vars(self.args):
            return None
        given = self.args.lease if self.args.lease is not None else self.terminal.environ.get("VCFLOW_LEASE")
        return read_token(str(given), "--lease" if self.args.lease is not None else "VCFLOW_LEASE") if given else None

    def hold(self, token: int | None) -> None:
        """Offer what comes next as to the holder of a lease that was got just now."""
        self._claimed = token

    @property
    def _held(self) -> int | None:
        """The lease with which the next commands are offered: a holder may also give a command that takes none."""
        if self._claimed is not None or "lease" in vars(self.args):
            return self._claimed if self._claimed is not None else self.lease
        given = self.terminal.environ.get("VCFLOW_LEASE", "")
        return int(given) if re.fullmatch(r"[1-9]\d{0,8}", given, re.ASCII) else None  # refused where it is needed

    def announce(self, message: str) -> None:
        """Say beside the answer what is being made ready."""
        self.terminal.diagnose({"severity": "info", "code": "setup", "message": message}, as_json=self.json)

    def next_steps(self, flow_session: FlowSession) -> list[dict[str, str]]:
        """The legal next commands as data."""
        return self.commands(self._steps(flow_session, self._held))

    def commands(self, steps: Iterable[Step]) -> list[dict[str, str]]:
        """Steps as data."""
        return [{"command": self.command(*step.words), "why": step.why} for step in steps]

    def chosen_session(self) -> Chosen:
        """The session that is named or meant; somebody at a terminal is asked when several are."""
        may_ask = self.terminal.interactive and not self.json
        return choose_session(
            self.actor,
            self.args.session,
            environ=self.terminal.environ,
            chooser=self._ask_which if may_ask else None,
        )

    def reveals(self, flow_session: FlowSession) -> bool:
        """Whether ``--reveal`` asks for the session's secrets; raises unless the actor may see them."""
        if self.args.reveal:
            reveal(self.actor, flow_session)
        return bool(self.args.reveal)

    def _ask_which(self, found: list[FlowSession]) -> FlowSession:
        refusal: Ambiguous = ambiguous_session("", found)
        offered = found[: len(refusal.details["candidates"])]
        question = [
            _("Several sessions are active:"),
            *(
                f"  {number}. {row.pk}  {shown(row.name)}  ({session_state(row.status)})"
                for number, row in enumerate(offered, 1)
            ),
            _("Which one (1 to {count}, or an id)? ").format(count=len(offered)),
        ]
        prompt = "\n".join(question)
        for _try in range(TRIES):
            answer = self.terminal.ask(prompt)
            if not answer:
                break
            if answer.isdecimal() and 1 <= int(answer) <= len(offered):
                return offered[int(answer) - 1]
            try:
                return find_session(self.actor, answer)
            except FlowError as error:
                prompt = visible(error.message) + "\n" + question[-1]
        raise refusal
