"""What a page offers to do, and what its form asks: the shape that sessions and stages share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from sessions_app.exceptions import IllegalTransition
from sessions_app.language import gettext as _


class Words(NamedTuple):
    """What a verb is called on its button, and one sentence about what it will do; message ids."""

    title: str
    does: str


@dataclass(frozen=True)
class Input:
    """One question of a form.

    ``line``, ``text`` (several lines), ``tick`` (a checkbox) or ``choice`` (among ``options``: value and
    label); ``suggestions`` is the id of a ``<datalist>`` that is on the page.
    """

    name: str
    label: str
    value: str = ""
    help: str = ""
    is_required: bool = False
    kind: Literal["line", "text", "tick", "choice"] = "line"
    options: Sequence[tuple[str, str]] = ()
    suggestions: str = ""


@dataclass(frozen=True)
class Act:
    """Something that can be done: ``key`` is its own on the page, ``verb`` is what the form's address ends in.

    ``is_primary``: it is what leads on from here.
    """

    key: str
    verb: str
    address: str
    title: str
    does: str
    inputs: tuple[Input, ...] = ()
    is_danger: bool = False
    is_primary: bool = False

    def filled(self, given: Mapping[str, str]) -> Act:
        """The same with what somebody answered already."""
        answered = (replace(each, value=given.get(each.name, each.value)) for each in self.inputs)
        return replace(self, inputs=tuple(answered))


def reason_input(*, is_required: bool) -> Input:
    """The question why."""
    label = _("Reason") if is_required else _("Reason (optional)")
    return Input("reason", label, is_required=is_required, kind="text")


def force_input(in_the_way: str) -> Input:
    """The tick that something is done although ``in_the_way`` holds; its reason is required then."""
    return Input("force", _("Do it all the same"), help=in_the_way, is_required=True, kind="tick")


def not_offered(words: Words, offered: Sequence[Act]) -> IllegalTransition:
    """The refusal of what the state that is shown doesn't lead on by."""
    possible = _(", ").join(act.title for act in offered)
    return IllegalTransition(
        _("{verb} is not possible now.").format(verb=_(words.title)),
        fix=_("Possible now: {verbs}.").format(verbs=possible) if possible else "",
    )
