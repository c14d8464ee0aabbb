"""Commands that keep running: serve, worker."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from types import FrameType
from typing import Annotated

import typer
from django.core.management import call_command
from procrastinate.contrib.django import app as jobs

from billhook.interfaces.cli import session
from billhook.interfaces.cli.outcome import UNEXPECTED, WORLD, Failure, out, say_failure

HostOption = Annotated[str, typer.Option(help="The address to listen on; loopback unless you say otherwise.")]
DEFAULT_PORT = 8080
PortOption = Annotated[int, typer.Option(help="The port to listen on; 0 takes any that is free.", min=0, max=65535)]


def serve(host: HostOption = "127.0.0.1", port: PortOption = DEFAULT_PORT) -> None:
    """Serve the console and run one worker beside it, until interrupted."""
    session.connect()
    run_server(host=host, port=free_port(host, port))


def free_port(host: str, port: int) -> int:
    """Return the port if it is free, any free one for 0.

    Raises:
        Failure: the port is in use, or may not be used.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as trouble:
            sentence = f"Port {port} on {host} cannot be used ({trouble.strerror}): choose another with --port."
            raise Failure(sentence, code=WORLD) from trouble
        return int(probe.getsockname()[1])


def run_server(*, host: str, port: int) -> None:
    """Run web server and worker as children and stop both when one of them, or this process, ends.

    They are started afresh, never forked: the renderer and the usage lane do not survive a fork.

    Raises:
        typer.Exit: a child ended by itself; its exit code is kept, 1 stands for one that should not have ended.
    """
    call_command("collectstatic", interactive=False, verbosity=0)
    # In groups of their own: a Ctrl-C of the terminal reaches this process alone, and each child is told once to end.
    children = {
        "web server": subprocess.Popen(web_server(host=host, port=port), process_group=0),
        "worker": subprocess.Popen([sys.executable, "-m", "billhook", "worker"], process_group=0),
    }
    out.print(f"The console is at http://{host}:{port}/ · Ctrl-C stops it.", markup=False)
    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup leaves it
        signal.signal(signal.SIGHUP, interrupt)
    try:
        name, code = first_end(children)
    except KeyboardInterrupt:
        out.print("Stopping …")
        return
    finally:
        for child in children.values():
            child.terminate()
        for child in children.values():
            child.wait()
    raise typer.Exit(say_failure(f"The {name} ended by itself; what it said stands above.", code=code or UNEXPECTED))


def web_server(*, host: str, port: int) -> list[str]:
    """Return the command that serves the console."""
    listening = ["--host", host, "--port", str(port), "--no-ws", "--log-level", "warning"]
    threads = ["--workers", "1", "--blocking-threads", "4"]
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi"),
        *listening,
        *threads,
        "billhook.site.wsgi:application",
    ]


def first_end(children: Mapping[str, subprocess.Popen[bytes]]) -> tuple[str, int]:
    """Wait until a child ends, and return its name and exit code; a signal counts from 128, as in a shell."""
    names = {child.pid: name for name, child in children.items()}
    while True:
        pid, status = os.wait()
        if pid in names:
            code = os.waitstatus_to_exitcode(status)
            return names[pid], code if code >= 0 else 128 - code


def interrupt(number: int, frame: FrameType | None) -> None:
    """Treat a request to end like Ctrl-C."""
    del number, frame
    raise KeyboardInterrupt


def worker(
    concurrency: Annotated[int, typer.Option(help="How many jobs at once.", min=1, max=64)] = 1,
) -> None:
    """Run background jobs until interrupted; start as many workers as you like, on any number of machines."""
    session.connect()
    with jobs.replace_connector(jobs.connector.get_worker_connector()) as app:  # type: ignore[attr-defined]
        app.run_worker(concurrency=concurrency, name="billhook", listen_notify=True)
