"""The command `billhook`: prepares Django, then hands over to the command line; every failure is one clear sentence."""

import os
import sys
from importlib import import_module

import django
from pydantic import ValidationError

from billhook.core.errors import Refusal
from billhook.foundation.embedded import EmbeddedError
from billhook.interfaces.cli.outcome import REFUSED, UNEXPECTED, WORLD, Failure, say_failure
from billhook.site import logs


def main() -> None:
    """Run the command line; exit codes are those of `billhook.interfaces.cli.outcome`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billhook.site.settings")
    logs.configure()
    try:
        django.setup()
        # The commands import models, which Django allows only after setup.
        import_module("billhook.site.commands").app()
    except Failure as failure:
        sys.exit(say_failure(str(failure), code=failure.code))
    except (Refusal, ValidationError) as refusal:
        sys.exit(say_failure(str(refusal), code=REFUSED))
    except EmbeddedError as trouble:
        sys.exit(say_failure(str(trouble), code=WORLD))
    except OSError as trouble:
        sys.exit(say_failure(f"{trouble.strerror or trouble}: {trouble.filename or 'see above'}.", code=WORLD))
    except KeyboardInterrupt:
        sys.exit(say_failure("Stopped; what was finished is kept, and the same command goes on from there.", code=130))
    except Exception as trouble:
        if os.environ.get("BILLHOOK_DEBUG") == "1":
            raise
        sentence = f"Something unexpected happened ({type(trouble).__name__}: {trouble}). BILLHOOK_DEBUG=1 shows where."
        sys.exit(say_failure(sentence, code=UNEXPECTED))
