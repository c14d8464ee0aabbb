"""What the pages of the site say is wrong, said to programs as problems."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from billhook.interfaces.api.problems import problem

ROOT = "/api/"
SENTENCES = {
    400: ("bad_request", "The request holds something that cannot be read: a control character, or a bad address."),
    413: ("too_large", "The request is too large."),
}
BROKEN = ("broken", "Something unexpected happened; what was being done is undone. The log has it under request_id.")


class ProblemMiddleware:
    """Turns a page that says why something cannot be done into a problem, for every address of the API."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request; an address of the API never answers with a page."""
        answer = self.get_response(request)
        if request.path.startswith(ROOT) and answer.get("Content-Type", "").startswith("text/html"):
            code, detail = SENTENCES.get(answer.status_code, BROKEN)
            return problem(answer.status_code, code, detail)
        return answer
