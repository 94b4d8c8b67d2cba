"""Numbers that are repeated or out of sequence: every entry stays a stage, and the odd number is named."""

from collections.abc import Callable

import pytest

from sessions_app.definitions.rules import read
from tests.sessions_app.definitions.rules.looking import codes, names, ways


def headings(*numbers: int, below: str = "- [ ] x\n") -> str:
    return "# Release\n" + "".join(f"## {number}. S{place}\n{below}" for place, number in enumerate(numbers, 1))


def entries(*numbers: int) -> str:
    return "# Release\n" + "".join(f"{number}. S{place}\n   - [ ] x\n" for place, number in enumerate(numbers, 1))


@pytest.mark.parametrize(
    ("numbers", "odd"),
    [
        ((1, 3, 3), [2, 3]),
        ((1, 2, 2, 5), [3, 4]),
        ((1, 1, 2), [2]),
        ((1, 2, 1), [3]),
        ((1, 2, 3, 2), [4]),
        ((1, 2, 3), []),
    ],
)
@pytest.mark.parametrize("write", [headings, entries])
def test_every_entry_is_a_stage_and_odd_numbers_are_named(
    write: Callable[..., str], numbers: tuple[int, ...], odd: list[int]
) -> None:
    reading = read(write(*numbers), "x.md")
    assert names(reading) == [f"S{place}" for place in range(1, len(numbers) + 1)]
    assert len(ways(reading)) == len(numbers) - 1
    assert codes(reading) == [(2 * place, "numbering") for place in odd]


def test_a_repeated_number_says_that_the_order_is_that_of_the_file() -> None:
    gap, repeated = read(headings(1, 3, 3), "x.md").warnings
    assert "3 follows 1; a stage may be missing" in gap.message
    assert "3 follows 3; the stages are taken in the order of the file" in repeated.message


def test_entries_that_all_have_one_number_are_as_markdown_has_them() -> None:
    assert codes(read(entries(1, 1, 1), "x.md")) == []


def test_a_list_that_does_not_begin_at_1_is_not_held_to_its_numbers() -> None:
    assert codes(read(entries(3, 3, 5), "x.md")) == []


def test_plain_headings_keep_the_one_with_a_repeated_number() -> None:
    reading = read(headings(1, 2, 2, below="do\n"), "x.md")
    assert (names(reading), codes(reading)) == (["S1", "S2", "S3"], [(6, "numbering")])


@pytest.mark.parametrize("numbers", [(1, 1), (2, 2), (1, 3, 3)])
def test_slips_alone_make_no_workflow(numbers: tuple[int, ...]) -> None:
    assert read(headings(*numbers, below="do\n"), "x.md").definition is None


def test_a_second_count_from_1_is_another_sequence() -> None:
    reading = read(headings(1, 2, 1, 2), "x.md")
    assert (names(reading), codes(reading)) == (["S1", "S2"], [(6, "not-taken"), (7, "not-taken"), (9, "not-taken")])


def test_labelled_headings_with_a_repeated_number_are_warned_about() -> None:
    reading = read(headings(1, 2, 2, below="- **Roles**: a\n- **Outputs**: b\n"), "x.md")
    assert (names(reading), codes(reading)) == (["S1", "S2", "S3"], [(8, "numbering")])


def test_labels_that_say_what_comes_next_outweigh_the_numbers() -> None:
    below = "- **Outputs**: b\n- **Next**: S2\n"
    assert codes(read(headings(1, 2, 2, below=below), "x.md")) == []
