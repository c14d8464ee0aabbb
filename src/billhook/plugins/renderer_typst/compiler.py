"""The Typst compiler as the renderer sees it: one child process, started when needed and again if it dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import IO, Any, Literal, cast

from billhook.plugins.renderer_typst.errors import (
    FontFolderMissingError,
    RendererDiedError,
    TemplateRefusedError,
    TemplateTooSlowError,
)
from billhook.plugins.renderer_typst.frames import read_frame, write_frame

TEMPLATES = Path(__file__).resolve().parent / "template"
ROBOTO = Path(str(files("font_roboto"))) / "files"
_SOURCE = Path(__file__).resolve().parents[3]
_NO_NETWORK = "http://127.0.0.1:9"
_ENVIRONMENT = {
    "PYTHONPATH": str(_SOURCE),
    "RUST_BACKTRACE": "0",
    # Typst has no switch that forbids packages from the network; a proxy where nobody listens does.
    **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _NO_NETWORK),
}
_STARTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One document to set.

    Args:
        template: Typst source; it reads files of the template folder alone.
        inputs: JSON values, each given to the template as the text of `sys.inputs.<name>`.
        output: one PDF/A-3 file, or one SVG picture a page.
        dated: the date that the file carries.
        seconds: the template is ended after this long.
    """

    template: str
    inputs: dict[str, Any]
    output: Literal["pdf", "svg"]
    dated: date
    seconds: float

    def to_bytes(self) -> bytes:
        """Return the job as the compiler reads it."""
        midnight = datetime(self.dated.year, self.dated.month, self.dated.day, tzinfo=UTC)
        job = {
            "template": self.template,
            "inputs": self.inputs,
            "format": self.output,
            "timestamp": int(midnight.timestamp()),
            "seconds": self.seconds,
        }
        return json.dumps(job).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Typeset:
    """What came of a job: the file or the pages, the characters and clusters printed as □, and Typst's warnings."""

    parts: list[bytes]
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Child:
    """The compiler's process and its pipes; `owner` is the process that started it."""

    process: subprocess.Popen[bytes]
    jobs: IO[bytes]
    answers: IO[bytes]
    owner: int

    @classmethod
    def started(cls, fonts: tuple[Path, ...]) -> _Child:
        """Start a child that loads these fonts."""
        for folder in fonts:
            if not folder.is_dir():
                raise FontFolderMissingError(folder)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "billhook.plugins.renderer_typst.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=_ENVIRONMENT,
        )
        child = cls(process, cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout), os.getpid())
        write_frame(child.jobs, json.dumps({"root": str(TEMPLATES), "fonts": list(map(str, fonts))}).encode())
        return child

    def ended(self) -> int:
        """End it where it still lives, and return how it ended."""
        for pipe in (self.jobs, self.answers):
            with suppress(BrokenPipeError):
                pipe.close()
        self.process.terminate()
        return self.process.wait()


class Compiler:
    """Sets one job at a time in a child process; safe to share between threads, and after a fork each side has its own.

    Args:
        fonts: folders searched for fonts, beside those that Typst brings and Roboto. No system font is used.
    """

    def __init__(self, *, fonts: tuple[Path, ...] = ()) -> None:
        self._fonts = (ROBOTO, *fonts)
        self._lock = Lock()
        self._child: _Child | None = None

    def typeset(self, job: Job) -> Typeset:
        """Set one document.

        Raises:
            FontFolderMissingError: a folder of fonts is not there.
            TemplateRefusedError: Typst refuses the template.
            TemplateTooSlowError: it ran past its time.
            RendererDiedError: the child died, and died again.
        """
        with self._lock:
            returncode = 0
            for _ in range(_STARTS):
                try:
                    return _answer(self._asked(job))
                except (EOFError, BrokenPipeError):
                    returncode = self._buried()
                if returncode == -signal.SIGALRM:
                    raise TemplateTooSlowError(job.seconds)
            raise RendererDiedError(returncode)

    def close(self) -> None:
        """End the child; the next job starts another."""
        with self._lock:
            if self._child is not None:
                self._buried()

    def _asked(self, job: Job) -> IO[bytes]:
        if self._child is None or self._child.owner != os.getpid():
            self._child = _Child.started(self._fonts)
        write_frame(self._child.jobs, job.to_bytes())
        self._child.jobs.flush()
        return self._child.answers

    def _buried(self) -> int:
        child, self._child = self._child, None
        return child.ended() if child is not None else 0


@cache
def compiler_for(fonts: tuple[Path, ...]) -> Compiler:
    """Return this process's compiler for these folders of fonts."""
    return Compiler(fonts=fonts)


def _answer(pipe: IO[bytes]) -> Typeset:
    about = json.loads(read_frame(pipe))
    parts = [read_frame(pipe) for _ in range(about["parts"])]
    if "refused" in about:
        raise TemplateRefusedError(about["refused"])
    return Typeset(parts=parts, missing=tuple(about["missing"]), warnings=tuple(about["warnings"]))
