"""Reads of messages."""

from django.db.models import QuerySet

from billhook.notifications.models import Message


def messages_to(customer: str = "") -> QuerySet[Message]:
    """Return messages, newest first, to one customer or to all."""
    found = Message.objects.order_by("-id")
    return found.filter(customer=customer) if customer else found
