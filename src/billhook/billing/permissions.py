"""What a role may do with billing runs."""

from billhook.foundation.permissions import permission

VIEW = permission("billing.view", "see billing runs")
START = permission("billing.start", "start and preview billing runs")
APPROVE = permission("billing.approve", "approve or reject billing runs")
