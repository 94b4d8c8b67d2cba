"""Small files in the predecessor's manner, and what reading them gives."""

import json
from typing import Any

from sessions_app.definitions import read_text
from sessions_app.definitions.schema import Definition, Problem, Reading


def readings(data: Any, file: str = "some-flow.json") -> list[Reading]:
    return read_text(data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, indent=1), file)


def read(data: Any, file: str = "some-flow.json") -> tuple[Definition, list[Problem]]:
    (reading,) = readings(data, file)
    assert reading.errors == []
    assert reading.definition is not None
    return reading.definition, reading.warnings


def codes(problems: list[Problem]) -> list[str]:
    return [problem.code for problem in problems]


def workflow(**parts: Any) -> dict[str, Any]:
    return {"id": "w", "name": "W", "stages": [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}], **parts}


def only(**parts: Any) -> dict[str, Any]:
    return workflow(stages=[{"id": "a", "name": "A", **parts}])
