"""What stands under a stage's heading (or list entry) → a draft of the stage."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from sessions_app.definitions.rules.labels import Label, Meaning, checkpoint, label
from sessions_app.definitions.rules.outline import Block, Heading, Item, Listing, Paragraph
from sessions_app.definitions.rules.plan import Draft, Noted, Pointer, draft_named
from sessions_app.definitions.rules.wording import (
    is_named_stage,
    numbered,
    plain,
    says_nothing,
    split_list,
    stage_name,
    task,
)
from sessions_app.definitions.schema import Problem
from sessions_app.language import gettext as _

_DASHED = re.compile(r"\*\*([^*\n]+)\*\*\s*[—–-]+\s+(.+)", re.DOTALL)


def stage_of(heading: Heading) -> tuple[Draft, list[Problem]]:
    """The stage that a heading is, with all that stands under it and its lower headings."""
    draft = draft_named(stage_name(heading.text), heading.line)
    return draft, read_into(draft, list(_blocks(heading)))


def read_into(draft: Draft, blocks: list[Block]) -> list[Problem]:
    """Sort what the blocks say into the draft; what has an unknown label becomes description, with a warning."""
    reader = _Reader(draft)
    reader.read(blocks)
    return reader.warnings


def stage_of_item(item: Item) -> tuple[Draft, list[Problem]]:
    """The stage that an entry of a list is: ``**name**: description``, or its whole text."""
    text = task(item.raw) or item.raw
    number = numbered(plain(text))
    text = number.rest if number and number.step else text
    found, dashed = label(text), _DASHED.fullmatch(text.strip())
    if dashed:
        name, description = plain(dashed[1]), plain(dashed[2])
    else:
        name, description = (found.text, plain(found.value)) if found and found.value else (plain(text), "")
    name = stage_name(name) if is_named_stage(name) else name
    draft = draft_named(name.rstrip(":："), item.line)
    draft.description += [description] if description else []
    return draft, read_into(draft, [*item.more, *item.lists])


def checklist_texts(items: Iterable[Item]) -> Iterator[Noted]:
    """Every entry with a checkbox or the mark of a mandatory checkpoint."""
    for item in items:
        text = _ticked(item.raw)
        if text is not None:
            yield Noted(text, item.line)


def _ticked(raw: str) -> str | None:
    found = task(raw)
    text = raw if found is None else found
    required = checkpoint(text)
    return required if required is not None else (None if found is None else plain(found))


def _blocks(heading: Heading) -> Iterator[Block]:
    yield from heading.blocks
    for child in heading.children:
        if not child.is_example:
            yield Paragraph(child.raw, child.line)
            yield from _blocks(child)


class _Reader:
    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.warnings: list[Problem] = []

    def read(self, blocks: list[Block]) -> None:
        pending: tuple[Label, int] | None = None
        for block in blocks:
            if isinstance(block, Listing):
                if pending:
                    self._take(*pending, [block])
                else:
                    self._read_list(block)
                pending = None
            else:
                pending = self._read_paragraph(block, pending)
        self._close(pending)

    def _close(self, pending: tuple[Label, int] | None) -> None:
        """A label that no list followed has nothing to say."""
        if pending:
            self._describe(pending[0].text)

    def _read_paragraph(self, paragraph: Paragraph, pending: tuple[Label, int] | None) -> tuple[Label, int] | None:
        """Read its lines; returns the label on its last line if its value is still to come."""
        lines = paragraph.raw.splitlines()
        if pending and not any(map(label, lines)):
            self._take(replace(pending[0], value=paragraph.raw), paragraph.line, [])
            return None
        for line, raw in enumerate(lines, paragraph.line):
            found = label(raw)
            if pending and not found:
                self._take(replace(pending[0], value=raw), line, [])
                pending = None
                continue
            self._close(pending)
            pending = (found, line) if found and found.fills and not found.value else None
            if not pending:
                self._read_entry(raw, line, [])
        return pending

    def _read_list(self, listing: Listing) -> None:
        for number, item in enumerate(listing.items, 1):
            lists = list(item.lists)
            self._read_entry(item.raw, item.line, lists, f"{number}. " if listing.ordered else "- ")
            for paragraph in item.more:
                self._read_entry(paragraph.raw, paragraph.line, [])

    def _read_entry(self, raw: str, line: int, lists: list[Listing], mark: str = "") -> None:
        ticked = _ticked(raw)
        found = label(raw)
        if ticked is not None:
            self._tick(ticked, line, lists)
        elif found and found.fills and (found.value or lists):
            self._take(found, line, lists)
        else:
            if found and found.bold and found.meaning is None and mark:
                self._warn_unknown(found, line)
            text = plain(raw)
            self._describe(f"{mark}{text}" if text else "")
            for lower in lists:
                self._read_list(lower)

    def _tick(self, text: str, line: int, lists: list[Listing]) -> None:
        if text:
            self.draft.checklist.append(Noted(text, line))
        for lower in lists:
            self._read_list(lower)

    def _warn_unknown(self, found: Label, line: int) -> None:
        message = _("The label “{label}” is not known; its text became part of the description.")
        self.warnings.append(Problem("unknown-label", message.format(label=found.text), line))

    def _describe(self, text: str) -> None:
        if text:
            self.draft.description.append(text)

    def _take(self, found: Label, line: int, lists: list[Listing]) -> None:
        draft = self.draft
        entries = [Noted(plain(found.value), line)] if found.value else []
        below = [note for lower in lists for item in lower.walk() if (note := _noted(item)).text]
        match found.meaning:
            case Meaning.ROLES:
                draft.roles += _split(entries) + below
            case Meaning.TOOLS:
                draft.tools += _split(entries) + below
            case Meaning.DELIVERABLES:
                draft.deliverables += _split(entries) + below
            case Meaning.CHECKLIST:
                draft.checklist += _split(entries) + below
            case Meaning.EXIT:
                draft.exit_condition += [note.text for note in entries + below]
            case Meaning.NEXT | Meaning.LOOP:
                loop = found.meaning is Meaning.LOOP
                draft.pointers += [Pointer(note.text, note.line, loop) for note in entries + below]
            case _:
                draft.description += [note.text for note in entries + below]


def _noted(item: Item) -> Noted:
    ticked = _ticked(item.raw)
    return Noted(plain(item.raw) if ticked is None else ticked, item.line)


def _split(entries: list[Noted]) -> list[Noted]:
    return [Noted(part, entry.line) for entry in entries for part in split_list(entry.text) if not says_nothing(part)]
