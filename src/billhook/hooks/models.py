"""Which plugin fills which hook for which company, in which order, with which parameters."""

from typing import ClassVar

from django.db import models

from billhook.foundation.scope import Book, ScopedModel


class PluginInstance(ScopedModel):
    """A plugin that a company has activated on a hook."""

    hook = models.CharField(max_length=60)
    plugin = models.CharField(max_length=60)
    code = models.SlugField(max_length=60)
    position = models.PositiveSmallIntegerField(default=1)
    parameters = models.JSONField(default=dict)
    enabled = models.BooleanField(default=True)

    book = Book(key=("hook", "code"), without=("parameters",))

    class Meta:
        """Called in the order of their position."""

        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "hook", "code"], name="plugin_instance_once")
        ]

    def __str__(self) -> str:
        """Return hook and code."""
        return f"{self.hook}: {self.code}"
