"""What stands on GitHub: an issue's title and body written from a session, and read again.  Pure.

In the body only our block, between two comments that name the session, is ours; what people write
above and below it stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote, unquote

from sessions_app.language import gettext as _
from sessions_app.text import visible
from sessions_app.words import session_state
from status_bridge.mapping import STATUS_SESSION_MAPPING
from status_bridge.tracking_picture import ITEM, ItemPicture, Picture, StagePicture, item_field, item_of

TITLE_LENGTH = 256
BODY_LENGTH = 65_536
TEXT_LENGTH = 500
"""Characters of an item's text, of which a list needs no more."""

_BREAK = "\u200b"
_REFERENCES = re.compile(r"@(?=\w)|#(?=\d)|\bGH-(?=\d)|(?<=:/)(?=/)|\bwww(?=\.)", re.IGNORECASE)
_BROKEN = re.compile(f"(?<=[@#]){_BREAK}|(?<=GH-){_BREAK}|(?<=www){_BREAK}|(?<=:/){_BREAK}(?=/)", re.IGNORECASE)
_MARKDOWN = re.compile(r"([\\`*_\[\]~|])")
_TICK = re.compile(r"^\s*[-*+]\s+\[([ xX])\]\s.*<!-- vcflow:item:(\S+) -->\s*$", re.MULTILINE)


class Body(NamedTuple):
    """An issue's body in three parts; ``block`` is empty where ours is missing."""

    before: str
    block: str
    after: str


def inert(text: str) -> str:
    """A text on one line in which nobody is mentioned, and no issue or page referred to."""
    return _REFERENCES.sub(lambda found: found.group() + _BREAK, visible(text))


def title_of(picture: Picture) -> str:
    """``<name> (<session id>)``, clipped."""
    tail = f" ({picture.session_id})"
    return _clipped(inert(picture.name), TITLE_LENGTH - len(tail)) + tail


def name_in(title: str, session_id: str) -> str:
    """The session's name that a title has, as a person would write it."""
    return _BROKEN.sub("", title.strip().removesuffix(f"({session_id})").strip())


def shown_name(picture: Picture) -> str:
    """The session's name as it comes back from the title."""
    return name_in(title_of(picture), picture.session_id)


def body_of(picture: Picture, nonce: str, found: str = "") -> str:
    """The body that is to be: ``found`` with our block in its place, at the end if it was taken away."""
    parts = parted(found, picture.session_id)
    room = BODY_LENGTH - len(parts.before) - len(parts.after) - 2
    block = _block(picture, nonce, room)
    if len(block) > room:  # people wrote so much that nothing more fits
        return parts.before + parts.after
    if parts.block or not parts.before:
        return parts.before + block + parts.after
    return parts.before.rstrip("\n") + "\n\n" + block


def parted(body: str, session_id: str) -> Body:
    """A body's parts.  Where the end of our block was taken away, it ends with its last item."""
    body = body.replace("\r\n", "\n")
    begin, end = _begin(session_id), _end(session_id)
    start = body.find(begin)
    if start < 0:
        return Body(body, "", "")
    stop = body.find(end, start)
    if stop >= 0:
        stop += len(end)
    else:
        last = max((found.end() for found in _TICK.finditer(body, start)), default=start + len(begin))
        stop = last
    return Body(body[:start], body[start:stop], body[stop:])


def ticks_in(body: str, session_id: str) -> dict[str, bool]:
    """The ticks in our block by their fields; of a line that stands there twice the first counts."""
    ticks: dict[str, bool] = {}
    for found in _TICK.finditer(parted(body, session_id).block):
        stage_id, _slash, item_id = found[2].partition("/")
        ticks.setdefault(item_field(unquote(stage_id), unquote(item_id)), found[1] != " ")
    return ticks


def is_ours(body: str, session_id: str, nonce: str) -> bool:
    """Whether we made the issue with that body; anybody could write the session's id into one."""
    return bool(nonce) and _begin(session_id) in body and _claim(nonce) in body


def mark_of(mark: str) -> str:
    """The invisible line that makes a comment known again."""
    return f"<!-- vcflow:said:{mark} -->"


def comment_of(text: str, mark: str) -> str:
    """A comment in which nobody is mentioned."""
    return f"{_escaped(text)}\n\n{mark_of(mark)}"


def _block(picture: Picture, nonce: str, room: int) -> str:
    """Our part; a list that is too long for the room ends earlier and says so."""
    head = "\n".join([_begin(picture.session_id), *_head(picture), ""])
    foot = "\n".join(["", *_foot(), _claim(nonce), _end(picture.session_id)])
    more = "\n- …"
    left = room - len(head) - len(foot) - len(more)
    taken: list[str] = []
    for line in _lines(picture):
        left -= len(line) + 1
        if left < 0:
            return head + "".join(f"\n{each}" for each in taken) + more + "\n" + foot
        taken.append(line)
    return head + "".join(f"\n{each}" for each in taken) + "\n" + foot


def _head(picture: Picture) -> Iterator[str]:
    state = session_state(STATUS_SESSION_MAPPING[picture.status])
    yield f"**{_escaped(picture.workflow)}** · {state} · {picture.progress} %"
    yield ""
    yield _("Session `{id}`").format(id=picture.session_id)


def _foot() -> Iterator[str]:
    yield _(
        "vcflow writes this part. Tick items, rename, close or reopen the issue, or set one of the status labels: "
        "the session follows. What you write above or below stays yours."
    )


def _lines(picture: Picture) -> Iterator[str]:
    for stage in picture.stages:
        yield _stage_line(stage)
        yield from map(_item_line, stage.items)


def _stage_line(stage: StagePicture) -> str:
    return f"- {stage.sign} **{_escaped(stage.name)}**: {stage.state}"


def _item_line(item: ItemPicture) -> str:
    stage_id, item_id = item_of(item.field)
    mark = f"{quote(stage_id, safe='')}/{quote(item_id, safe='')}"
    text = _escaped(_clipped(item.text, TEXT_LENGTH))
    return f"  - [{'x' if item.is_done else ' '}] {text} <!-- vcflow:{ITEM}{mark} -->"


def _escaped(text: str) -> str:
    """A text in Markdown that shows nothing but itself."""
    told = _MARKDOWN.sub(r"\\\1", inert(text))
    return told.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clipped(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _begin(session_id: str) -> str:
    return f"<!-- vcflow:{session_id} -->"


def _end(session_id: str) -> str:
    return f"<!-- /vcflow:{session_id} -->"


def _claim(nonce: str) -> str:
    return f"<!-- vcflow:claim:{nonce} -->"
