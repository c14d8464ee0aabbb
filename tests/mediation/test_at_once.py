"""Files that arrive at once are loaded one after the other, so that no record counts twice."""

from datetime import datetime, timedelta
from pathlib import Path

from tests.builders import call, write_calls
from tests.processes import run_python, start_python

START = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - local, as a switch writes it

SET_UP = """
import sys
from pathlib import Path
from tests.builders import make_books
make_books(Path(sys.argv[1]))
"""
LOAD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from billhook.foundation.models import Company
from billhook.mediation.operations.load import load_file
from tests.builders import CLERK
loaded = load_file(
    company=Company.objects.get(), source_code="pbx", path=Path(sys.argv[1]), actor=CLERK,
    at=datetime(2026, 4, 1, tzinfo=UTC),
)
print(loaded.batch.number, loaded.seen_before, loaded.batch.rated_records, loaded.batch.duplicate_records)
"""


def test_files_that_overlap_are_serialised(own_database: dict[str, str], tmp_path: Path) -> None:
    lines = [call("KN1001", 60, START + timedelta(minutes=n), ordinal=n) for n in range(300)]
    paths = [write_calls(tmp_path / f"{first}.csv", lines[first : first + 200]) for first in (0, 50, 100)]
    run_python(own_database, SET_UP, str(tmp_path / "outside"))
    processes = [start_python(own_database, LOAD, str(path)) for path in (*paths, paths[0])]
    answers = []
    for process in processes:
        printed, complaints = process.communicate(timeout=60)
        assert process.returncode == 0, complaints
        answers.append(printed.split())
    loaded = [answer for answer in answers if answer[1] == "False"]
    assert sorted(int(answer[0]) for answer in loaded) == [1, 2, 3]
    assert sum(int(answer[2]) for answer in loaded) == 300
    assert sum(int(answer[3]) for answer in loaded) == 300
