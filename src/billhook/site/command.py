"""The command `billhook`: prepares Django, then hands over to the command line; every failure is one clear sentence."""

import os
import sys
from importlib import import_module

import django
from pydantic import ValidationError

from billhook.core.errors import Refusal
from billhook.foundation.embedded import EmbeddedError
from billhook.interfaces.cli.outcome import REFUSED, UNEXPECTED, USAGE, WORLD, Failure, say_failure
from billhook.site import logs


def main() -> None:
    """Run the command line; exit codes are those of `billhook.interfaces.cli.outcome`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billhook.site.settings")
    logs.configure()
    try:
        django.setup()
        run_commands()
    except Failure as failure:
        sys.exit(say_failure(str(failure), code=failure.code))
    except (Refusal, ValidationError) as refusal:
        sys.exit(say_failure(str(refusal), code=REFUSED))
    except EmbeddedError as trouble:
        sys.exit(say_failure(str(trouble), code=WORLD))
    except OSError as trouble:
        sys.exit(say_failure(f"{trouble.strerror or trouble}: {trouble.filename or 'see above'}.", code=WORLD))
    except UnicodeEncodeError:
        sys.exit(say_failure("A word of this command is no UTF-8 text: write it in UTF-8.", code=USAGE))
    except KeyboardInterrupt:
        sys.exit(say_failure("Stopped; what was finished is kept, and the same command goes on from there.", code=130))
    except Exception as trouble:
        if os.environ.get("BILLHOOK_DEBUG") == "1":
            raise
        sentence = f"Something unexpected happened ({type(trouble).__name__}: {trouble}). BILLHOOK_DEBUG=1 shows where."
        sys.exit(say_failure(sentence, code=UNEXPECTED))


def run_commands() -> None:
    """Run the command that was asked for; background jobs that it waited for in vain are trouble of the surroundings.

    Raises:
        Failure: jobs failed, or another worker is stuck with them.
    """
    # Commands and jobs import models, which Django allows only after setup.
    draining = import_module("billhook.foundation.draining")
    try:
        import_module("billhook.site.commands").app()
    except (draining.JobsFailedError, draining.JobsStuckError) as trouble:
        raise Failure(str(trouble), code=WORLD) from trouble
