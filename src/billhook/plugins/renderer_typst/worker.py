"""The compiler's own process: reads jobs from standard input, answers on standard output, and ends with its pipe.

Typst does not survive a fork and cannot be interrupted, so it lives in a process that the kernel may end: an alarm with
its default action ends one that runs past its time, a limit on memory ends one that devours it.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from typing import IO, Any, Final

import typst

from billhook.plugins.renderer_typst.frames import read_frame, write_frame
from billhook.plugins.renderer_typst.wording import boxed, missing_in, strings, to_blame

START_SECONDS = 30.0
MEMORY_BYTES = 2 << 30
NOWHERE = "/nonexistent"

_STANDARD: Final = "a-3b"
_PROBE = b"#for it in json(bytes(sys.inputs.data)) [#text(it)\n\n]"


class Typesetter:
    """Compiles jobs, and knows which characters its fonts have."""

    def __init__(self, *, root: str, fonts: list[str]) -> None:
        """Load the fonts; files are read below `root` alone, and packages from nowhere."""
        self._compiler = typst.Compiler(
            root=root,
            font_paths=typst.Fonts(include_system_fonts=False, font_paths=fonts),
            ignore_system_fonts=True,
            package_path=NOWHERE,
            package_cache_path=NOWHERE,
        )
        self._seen: set[str] = set()
        self._missing: set[str] = set()

    def typeset(self, job: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Compile one job; return what there is to say about it, and its file or its pages."""
        used = set("".join(strings(job["inputs"])))
        self._probe(used)
        missing = used & self._missing
        try:
            parts, warnings = self._until_shown(job, missing)
        except typst.TypstError as error:
            return {"refused": error.diagnostic}, []
        return {"missing": sorted(missing), "warnings": warnings}, parts

    def _until_shown(self, job: dict[str, Any], missing: set[str]) -> tuple[list[bytes], list[str]]:
        """Compile; what turns out to be missing only where it stands joins the missing of this job."""
        while True:
            try:
                return self._compile(job, missing)
            except typst.TypstError as error:
                found = to_blame(job["inputs"], missing_in(error.diagnostic)) - missing
                if not found:
                    raise
                missing |= found

    def _compile(self, job: dict[str, Any], missing: set[str]) -> tuple[list[bytes], list[str]]:
        made, warnings = self._compiler.compile_with_warnings(
            job["template"].encode(),
            format=job["format"],
            sys_inputs={name: json.dumps(boxed(value, missing)) for name, value in job["inputs"].items()},
            pdf_standards=_STANDARD if job["format"] == "pdf" else None,
            timestamp=job["timestamp"],
        )
        pages = made if isinstance(made, list) else [made or b""]
        return pages, [warning.message for warning in warnings]

    def _probe(self, used: set[str]) -> None:
        """Learn which of the characters not met before no font has: PDF/A export names them all at once."""
        fresh = sorted(used - self._seen)
        if not fresh:
            return
        try:
            self._compiler.compile(
                _PROBE, format="pdf", sys_inputs={"data": json.dumps(fresh)}, pdf_standards=_STANDARD, timestamp=0
            )
        except typst.TypstError as error:
            self._missing |= missing_in(error.diagnostic) & set(fresh)
        self._seen.update(fresh)


def serve(jobs: IO[bytes], answers: IO[bytes]) -> None:
    """Answer jobs until the pipe closes; each may take its own `seconds`."""
    typesetter = Typesetter(**json.loads(read_frame(jobs)))
    while True:
        signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            job = json.loads(read_frame(jobs))
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_REAL, job["seconds"])
        about, parts = typesetter.typeset(job)
        write_frame(answers, json.dumps({**about, "parts": len(parts)}).encode())
        for part in parts:
            write_frame(answers, part)
        answers.flush()


def main() -> None:
    """Set the limits and serve the pipes that this process was started with."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, START_SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
