"""However often the example is killed, and wherever, playing it again ends in the same books."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.database import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("story")]

SCENES = 8
DELAYS = (0.0, 0.25, 0.7)
COMMAND = [sys.executable, "-m", "billhook", "demo", "--once"]


def digest(environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "billhook", "verify", "--digest", "--parts"],
        env=environment,
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def play_until(environment: dict[str, str], scene: int, delay: float) -> int:
    """Play until a scene begins, wait a moment, kill without warning, and return how the process ended."""
    process = subprocess.Popen(
        COMMAND, env={**environment, "PYTHONUNBUFFERED": "1"}, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(f"{scene}. "):
            break
    time.sleep(delay)
    os.kill(process.pid, signal.SIGKILL)
    process.stdout.close()
    return process.wait()


def test_killed_at_every_stage_it_ends_in_the_same_books(
    own_database: dict[str, str], told_story: dict[str, str]
) -> None:
    killed = 0
    for scene in range(1, SCENES + 1):
        for delay in DELAYS:
            killed += play_until(own_database, scene, delay) == -signal.SIGKILL
    assert killed >= SCENES
    subprocess.run(COMMAND, env=own_database, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    assert digest(own_database) == told_story["STORY_DIGEST"]


def test_played_again_it_changes_nothing(told_story: dict[str, str]) -> None:
    before = digest(told_story)
    subprocess.run(COMMAND, env=told_story, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    assert digest(told_story) == before


def test_the_books_are_sound(told_story: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "billhook", "verify"],
        env=told_story,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert Path(told_story["BILLHOOK_HOME"], "documents", "kestrel").is_dir()
