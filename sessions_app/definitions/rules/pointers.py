"""What the stages say about what comes next → transitions."""

from __future__ import annotations

import re

from sessions_app.definitions.problems import label
from sessions_app.definitions.rules.names import Names
from sessions_app.definitions.rules.plan import Link, Plan, Pointer
from sessions_app.definitions.rules.wording import plain, remark, says_nothing, split_list, split_outside
from sessions_app.definitions.schema import Problem
from sessions_app.language import gettext as _

_END = re.compile(r"(?:工作流|流程)?(?:结束|完成|终止)|end|done|finish(?:ed)?|complete[d]?", re.IGNORECASE)
_CLAUSE = re.compile(r"[，,；;。]")
_OR = re.compile(r"\s*(?:或者?|和|及|与|→|\bor\b|\band\b)\s*")
_NAMES_A_STAGE = re.compile(r"(?:阶段|\bstage|\bphase)$", re.IGNORECASE)


def resolve_pointers(plan: Plan) -> None:
    """Make transitions of what the stages say about what comes next."""
    resolver = _Resolver(plan, Names(plan.stages))
    for place, stage in enumerate(plan.stages):
        for pointer in stage.pointers:
            resolver.resolve(place, pointer)


class _Resolver:
    def __init__(self, plan: Plan, names: Names) -> None:
        self.plan = plan
        self.names = names

    def resolve(self, place: int, pointer: Pointer) -> None:
        sentence = plain(pointer.text)
        bare = remark(sentence)[0]
        if says_nothing(bare) or _END.fullmatch(bare):
            return
        exit_condition = "；".join(self.plan.stages[place].exit_condition)
        ways = self._ways_of_loop(sentence) if pointer.loop else self._ways_on(sentence, exit_condition)
        self.plan.links.extend(Link(place, target, condition, pointer.line) for target, condition in ways)
        self._warn(sentence, pointer.line, bool(ways))

    def _ways_of_loop(self, sentence: str) -> list[tuple[int, str]]:
        exact = self.names.exact(sentence)
        targets = self.names.within(sentence) if exact is None else [exact]
        return [(target, sentence) for target in targets[:1]]

    def _ways_on(self, sentence: str, exit_condition: str) -> list[tuple[int, str]]:
        """Stages by their bare names: the exit condition leads to each; else what is said of each is its condition."""
        exact = [(self.names.exact(part), part) for part in self._parts(sentence)]
        named = [
            (target, self._condition(target, part) or exit_condition) for target, part in exact if target is not None
        ]
        if len(named) == len(exact):
            return named
        within = self.names.within(sentence)
        clauses = [sentence] if len(within) == 1 else list(map(str.strip, split_outside(_CLAUSE, sentence)))
        if len(clauses) == 1:
            return [(target, sentence) for target in within]
        return [way for clause in clauses if clause for way in self._ways_on(clause, exit_condition)]

    def _condition(self, target: int, part: str) -> str:
        """The remark beside a stage's name, unless it is part of the name."""
        aside = remark(part)[1]
        return "" if aside.casefold() in self.plan.stages[target].name.casefold() else aside

    def _parts(self, text: str) -> list[str]:
        """The names that a sentence lists; a name may itself hold a word that joins names."""
        if self.names.exact(text) is not None:
            return [text]
        return [part for listed in split_list(text) for part in self._joined(listed)]

    def _joined(self, listed: str) -> list[str]:
        return (
            [listed] if self.names.exact(listed) is not None else [part for part in split_outside(_OR, listed) if part]
        )

    def _warn(self, sentence: str, line: int, resolved: bool) -> None:
        fix = _("Write the name of a stage as its heading has it.")
        parts = self._parts(sentence)
        several = {part: found for part in parts if len(found := self.names.fitting(part)) > 1}
        for part, places in several.items():
            message = _("“{text}” may be any of the stages {stages}; no transition is made of it.")
            stages = ", ".join(self.names.ids[place] for place in places)
            self.plan.warnings.append(
                Problem("unknown-stage", message.format(text=label(part), stages=stages), line, fix=fix)
            )
        missing = [part for part in parts if part not in several and self._is_unknown(part)]
        for unknown in missing if resolved else ([] if several else [sentence]):
            message = _("“{text}” names no stage of this workflow; no transition is made of it.")
            self.plan.warnings.append(Problem("unknown-stage", message.format(text=label(unknown)), line, fix=fix))

    def _is_unknown(self, part: str) -> bool:
        return bool(_NAMES_A_STAGE.search(remark(part)[0])) and not self.names.within(part)
