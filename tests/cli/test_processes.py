"""``vc`` and ``manage.py`` as processes: pipes, interrupts, closed and full outputs, completion."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
Environ = dict[str, str]


def shell(line: str, environ: Environ) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line], env=environ, cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False
    )


def test_help_loads_neither_django_nor_what_is_heavy(command_environ: Environ) -> None:
    code = (
        "import sys; from vcflow_site.__main__ import main; sys.argv = ['vc', 'flow', '--help']; main();"
        "print([m for m in ('django', 'typing', 'json', 'shutil', 'pathlib', 'textwrap') if m in sys.modules],"
        " file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"],
        env=command_environ,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("usage: vc flow")
    assert done.stderr.strip() == "[]"


def test_the_first_command_sets_everything_up_and_says_so(command_environ: Environ) -> None:
    done = shell("vc flow list --json", command_environ)
    assert done.returncode == 0
    assert {"dev", "docs", "research", "design"} <= {row["id"] for row in json.loads(done.stdout)["data"]}
    assert all(json.loads(line)["severity"] == "info" for line in done.stderr.splitlines())


ENDS = {
    "set -o pipefail; vc flow show dev | head -1": 0,
    "set -o pipefail; vc --help | true": 0,
    "vc flow list >&-": 0,
    "vc flow list >/dev/full": 1,
    "vc flow session create dev >/dev/full": 1,
    "vc flow session create dev 2>/dev/full": 0,
    "vc flow show none >/dev/full 2>/dev/full": 3,
    "vc flow session list </dev/null": 0,
    "PYTHONIOENCODING=ascii VCFLOW_LANG=zh vc flow session list": 0,
    "python manage.py flow session list --json": 0,
    "python -m vcflow_site flow validate /none.yaml": 3,
    "VCFLOW_TIME_ZONE=Nowhere vc flow list": 2,
    "VCFLOW_TIME_ZONE=Nowhere python manage.py flow list": 2,
    "VCFLOW_HOME=/dev/null/x vc flow list": 2,
    "vc flow session create dev --name \"$(printf '\\xff')\"": 2,
}


def test_every_end_is_quiet_and_has_its_status(ready_environ: Environ) -> None:
    for line, status in ENDS.items():
        done = shell(line, ready_environ)
        assert (line, done.returncode) == (line, status)
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_interrupt_ends_following(ready_environ: Environ, options: list[str]) -> None:
    shell("vc flow session create dev", ready_environ)
    process = subprocess.Popen(
        ["vc", "flow", "session", "logs", "--follow", *options],
        env=ready_environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "")


INTERRUPTED_START = """
import sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "vcflow_site.cli":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
from {module} import main
sys.exit(main())
"""


@pytest.mark.parametrize("module", ["vcflow_site.__main__", "manage"])
def test_an_interrupt_during_the_start_is_quiet(command_environ: Environ, module: str) -> None:
    code = INTERRUPTED_START.format(module=module)
    done = subprocess.run(
        [sys.executable, "-c", code], env=command_environ, cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "")


def test_following_ends_when_nobody_reads(ready_environ: Environ) -> None:
    shell("vc flow session create dev", ready_environ)
    begun = time.monotonic()
    done = shell("set -o pipefail; vc flow session logs --follow | head -1", ready_environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - begun < 15


def complete(line: str, environ: Environ) -> list[str]:
    """What the shell is offered after ``line``."""
    asked = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": " ",
        "_ARGCOMPLETE_COMP_WORDBREAKS": " ",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9",
    }
    return shell("exec 8>&1; vc", {**environ, **asked}).stdout.split()


def test_completion_offers_commands_options_and_ids(ready_environ: Environ) -> None:
    created = shell("vc flow session create dev --json", ready_environ)
    key = json.loads(created.stdout)["data"]["id"]
    assert complete("vc flow session pau", ready_environ) == ["pause"]
    assert "--status" in complete("vc flow session list --st", ready_environ)
    assert complete("vc flow session show dev-", ready_environ) == [key]
    assert complete("vc flow session list --status PA", ready_environ) == ["PAUSED"]
    assert complete("vc flow show res", ready_environ) == ["research"]
    assert complete("vc flow stage start cod", ready_environ) == ["coding"]
    assert "dev:coding" in complete("vc flow run dev:", ready_environ)
    assert complete("vc flow session note 'x", ready_environ) == []
