"""`python -m billhook` is the command `billhook`."""

from billhook.site.command import main

main()
