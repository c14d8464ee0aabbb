"""The whole command line: the interface's commands and the demonstration."""

from billhook.interfaces.cli.app import app
from billhook.site.demo.command import demo

app.command()(demo)

__all__ = ["app"]
