"""Which files are read at all, and what is said of the others."""

import codecs
import os
import shutil
from pathlib import Path

import pytest

from sessions_app.definitions import read_file, read_text
from sessions_app.definitions.files import MAX_BYTES, MAX_RULE_BYTES
from sessions_app.exceptions import FlowError, InvalidInput, NotFound, StorageFailed

WORKFLOW = "vcflow: 1\nid: w\nname: W\nstages:\n  - id: a\n"


def test_read_file_reads_yaml_and_names_its_source(tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(WORKFLOW)
    (reading,) = read_file(path)
    assert reading.file == str(path)
    assert reading.definition is not None
    assert reading.definition.source_rule == "flow.yaml"
    assert reading.stage_lines == {"a": 5}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("w.yml", WORKFLOW),
        ("W.YAML", "\ufeff" + WORKFLOW),
        ("w.yaml", WORKFLOW.replace("\n", "\r\n")),
        ("w.json", '{"vcflow": 1, "id": "w", "name": "W", "stages": [{"id": "a"}]}'),
        ("w.json", '\ufeff{"id": "w", "name": "W", "stages": ["a"]}'),
        ("w.md", "# W\n\n## Step 1: a\n\n- [ ] one\n\n## Step 2: b\n\n- [ ] two\n"),
        ("w.mdc", "# W\n\n## Step 1: a\n\n- [ ] one\n\n## Step 2: b\n\n- [ ] two\n"),
    ],
)
def test_read_text_goes_by_the_extension(file: str, text: str) -> None:
    (reading,) = read_text(text, file)
    assert reading.errors == []
    assert reading.definition is not None
    assert reading.definition.id == "w"


@pytest.mark.parametrize("extension", ["yaml", "json"])
def test_read_file_stores_a_strange_name_as_something_printable(tmp_path: Path, extension: str) -> None:
    path = f"{tmp_path}/\udcff\udcff\n{'x' * 240}.{extension}"
    Path(path).write_text('{"id": "w", "name": "W", "stages": [{"id": "a"}]}')
    (reading,) = read_file(path)
    assert reading.definition is not None
    assert reading.definition.source_rule.startswith(r"\udcff\udcff\nxxx")
    assert len(reading.definition.source_rule) == 255


@pytest.mark.parametrize("name", ["w.txt", "w", "w.yaml.bak", ".yaml"])
def test_read_file_refuses_other_kinds(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(WORKFLOW)
    with pytest.raises(InvalidInput) as caught:
        read_file(tmp_path / name)
    assert ".md, .mdc, .yaml, .yml, .json" in caught.value.fix


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n\t", "empty"),
        ("工作流".encode("gb18030"), "UTF-8"),
        ("a: 1".encode("utf-16"), "UTF-8"),
        (b"#" * (MAX_BYTES + 1), "larger"),
    ],
)
def test_read_file_refuses_what_is_no_small_text(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / "w.yaml"
    path.write_bytes(raw)
    with pytest.raises(InvalidInput) as caught:
        read_file(path)
    assert said in caught.value.message
    assert caught.value.fix
    assert caught.value.details["file"] == str(path)


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        ("工作流".encode("gb18030"), "gb18030"),
        ("a".encode("utf-16"), "UTF-16"),
        (codecs.BOM_UTF16_BE + "a".encode("utf-16-be"), "UTF-16"),
        ("a".encode("utf-32"), "UTF-32"),
        (codecs.BOM_UTF32_BE + "a".encode("utf-32-be"), "UTF-32"),
    ],
)
def test_read_file_names_the_encoding_to_convert_from(tmp_path: Path, raw: bytes, encoding: str) -> None:
    path = tmp_path / "w.md"
    path.write_bytes(raw)
    with pytest.raises(InvalidInput) as caught:
        read_file(path)
    assert f"iconv -f {encoding} " in caught.value.fix


@pytest.mark.parametrize("name", ["w.md", "w.mdc"])
def test_read_file_refuses_a_rule_file_that_is_no_small_text(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"#" * (MAX_RULE_BYTES + 1))
    with pytest.raises(InvalidInput, match="262144"):
        read_file(path)


def test_read_file_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        read_file(tmp_path / "no\x1bwhere.yaml")
    assert "\\x1b" in caught.value.message


def test_read_file_refuses_a_folder_and_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    for name, said in (("w.yaml", "folder"), ("pipe.json", "regular file")):
        with pytest.raises(InvalidInput, match=said):
            read_file(tmp_path / name)


@pytest.mark.parametrize("name", ["x" * 5000 + ".yaml", "a\x00b.yaml"])
def test_read_file_refuses_an_impossible_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(StorageFailed):
        read_file(f"{tmp_path}/{name}")


def test_read_file_says_why_a_file_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(WORKFLOW)

    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(FlowError, match="Permission denied"):
        read_file(path)


@pytest.mark.parametrize("file", ["w.yaml", "w.json", "w.md"])
@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x9b", "\ud800"])
def test_read_text_refuses_control_characters_with_their_line(file: str, character: str) -> None:
    (reading,) = read_text(f"# one\ntwo {character}\n", file)
    (problem,) = reading.errors
    assert (problem.code, problem.line) == ("control-character", 2)
    assert f"U+{ord(character):04X}" in problem.message


def test_definitions_import_nothing_heavy() -> None:
    python = shutil.which("python") or "python3"
    script = (
        "import sys, sessions_app.definitions;"
        "sys.exit(bool({'yaml', 'jsonschema', 'markdown_it', 'django'} & set(sys.modules)))"
    )
    assert os.spawnl(os.P_WAIT, python, python, "-c", script) == 0
