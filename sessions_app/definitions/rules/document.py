"""A rule file taken apart: what the encodings look at."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from sessions_app.definitions.rules.masking import Fence
from sessions_app.definitions.rules.outline import Heading

_PROCESS = re.compile(
    r"流程|工作流|流转|步骤|阶段|生命周期|workflow|process|flow|procedure|steps|stages|phases|lifecycle|pipeline",
    re.IGNORECASE,
)
_STRUCTURE = re.compile(
    r"架构|结构|组件|依赖|模型|关系|architecture|structure|component|dependenc|\bmodel|\bclass", re.IGNORECASE
)
_REFERENCE = re.compile(
    r"原则|规则|规范|标准|要求|建议|技巧|模板|约束|限制|注意|问题|定义|类型|概述|简介|背景|目的|范围|术语|参考|附录|说明|指南"
    r"|最佳实践|principle|rule|standard|guideline|requirement|\btips?\b|template|constraint|faq|\btypes?\b|definition"
    r"|convention|best practice|overview|introduction|background|purpose|scope|glossary|reference|appendix",
    re.IGNORECASE,
)
_FLOW_FILE = re.compile(r"流程|工作流|flow", re.IGNORECASE)


def speaks_of_process(text: str) -> bool:
    """Whether a heading announces work that goes on from step to step."""
    return bool(_PROCESS.search(text))


def speaks_of_structure(text: str) -> bool:
    """Whether a heading announces how something is built."""
    return bool(_STRUCTURE.search(text)) and not speaks_of_process(text)


def speaks_of_reference(text: str) -> bool:
    """Whether a heading announces principles, definitions, structures: something to know, not to go through."""
    return speaks_of_structure(text) or (bool(_REFERENCE.search(text)) and not speaks_of_process(text))


@dataclass
class Document:
    """The headings of a file, its code fences, and the stem of its name."""

    root: Heading
    stem: str
    fences: list[Fence] = field(default_factory=list)

    @cached_property
    def headings(self) -> list[Heading]:
        """All headings but those of examples, the document itself first."""
        return list(self.root.walk())

    @cached_property
    def title(self) -> Heading | None:
        """The first heading of level 1."""
        return next((heading for heading in self.headings if heading.level == 1), None)

    @cached_property
    def is_flow(self) -> bool:
        """Whether its name or title says that it is about a flow."""
        return bool(_FLOW_FILE.search(f"{self.stem} {self.title.text if self.title else ''}"))

    def groups(self) -> Iterator[list[Heading]]:
        """Headings of the same level under the same one."""
        for parent in self.headings:
            children = [child for child in parent.children if not child.is_example]
            for level in sorted({child.level for child in children}):
                yield [child for child in children if child.level == level]

    @cached_property
    def _every_heading(self) -> list[Heading]:
        return list(_all(self.root))

    def heading_at(self, line: int) -> Heading | None:
        """The heading that a line stands under; None when that is an example's."""
        place = bisect_right(self._every_heading, line, key=lambda heading: heading.line)
        nearest = self._every_heading[max(place - 1, 0)]
        return None if any(heading.is_example for heading in nearest.ancestry()) else nearest


def _all(heading: Heading) -> Iterator[Heading]:
    yield heading
    for child in heading.children:
        yield from _all(child)
