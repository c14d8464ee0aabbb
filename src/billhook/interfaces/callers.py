"""From where a request comes: the address by which attempts are counted."""

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """Return the caller's address; behind proxies, the one that the outermost of our own saw.

    `BILLHOOK_PROXIES` says how many proxies of our own stand before the server; what others write into
    `X-Forwarded-For` is not believed.
    """
    proxies: int = settings.PROXIES
    seen = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if proxies and len(seen) >= proxies:
        return seen[-proxies]
    return str(request.META.get("REMOTE_ADDR", ""))
