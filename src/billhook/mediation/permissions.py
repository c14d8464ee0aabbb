"""What a role may do with usage."""

from billhook.foundation.permissions import permission

VIEW = permission("mediation.view", "see usage, batches and suspense")
LOAD = permission("mediation.load", "load usage files")
MEND = permission("mediation.mend", "edit and recycle records in suspense")
