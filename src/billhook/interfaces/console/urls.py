"""Addresses of the console; every view behind them says its permission."""

from django.urls import URLPattern, URLResolver, include, path, register_converter

from billhook.interfaces.console.views import (
    audit,
    clock,
    collections,
    customers,
    invoices,
    orders,
    overview,
    payments,
    runs,
    signing,
    usage,
    why,
)

app_name = "console"


class NumberConverter:
    """A number of the books in an address; some series have a slash in theirs, which no address can hold."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """Return the number."""
        return value.replace("~2F", "/").replace("~7E", "~")

    def to_url(self, value: object) -> str:
        """Return how the address writes it."""
        return str(value).replace("~", "~7E").replace("/", "~2F")


register_converter(NumberConverter, "number")

of_company: list[URLPattern | URLResolver] = [
    path("", overview.overview, name="overview"),
    path("search/", clock.search, name="search"),
    path("clock/", clock.advance, name="clock"),
    path("customers/", customers.customers, name="customers"),
    path("customers/<number:number>/", customers.customer, name="customer"),
    path("customers/<number:number>/payments/", payments.record, name="record-payment"),
    path("orders/", orders.orders, name="orders"),
    path("catalog/", orders.catalog, name="catalog"),
    path("runs/", runs.runs, name="runs"),
    path("runs/start/", runs.start, name="start-run"),
    path("runs/<number:number>/", runs.run, name="run"),
    path("runs/<number:number>/progress/", runs.progress, name="run-progress"),
    path("runs/<number:number>/approve/", runs.approve, name="approve-run"),
    path("runs/<number:number>/reject/", runs.reject, name="reject-run"),
    path("invoices/", invoices.invoices, name="invoices"),
    path("invoices/<number:number>/", invoices.invoice, name="invoice"),
    path("invoices/<number:number>/pdf/", invoices.pdf, name="invoice-pdf"),
    path("invoices/<number:number>/pages/<int:sheet>/", invoices.image, name="invoice-image"),
    path("invoices/<number:number>/charge/", invoices.charge, name="charge-invoice"),
    path("invoices/<number:number>/lines/<int:ordinal>/why/", why.why, name="invoice-why"),
    path("payments/", payments.payments, name="payments"),
    path("collections/", collections.collections, name="collections"),
    path("mediation/", usage.mediation, name="mediation"),
    path("mediation/load/", usage.load, name="load-usage"),
    path("mediation/<int:number>/", usage.batch, name="batch"),
    path("mediation/<int:number>/mend/", usage.mend_lines, name="mend-lines"),
    path("mediation/<int:number>/recycle/", usage.recycle_batch, name="recycle-batch"),
    path("mediation/<int:number>/lines/<int:line>/", usage.suspended, name="suspended"),
    path("mediation/<int:number>/lines/<int:line>/mend/", usage.mend_record, name="mend-record"),
    path("messages/", audit.messages, name="messages"),
    path("audit/", audit.audit, name="audit"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", signing.home, name="home"),
    path("sign-in/", signing.sign_in, name="sign-in"),
    path("sign-in/<str:token>/", signing.sign_in_by_link, name="sign-in-link"),
    path("sign-out/", signing.sign_out, name="sign-out"),
    path("c/<slug:company>/", include(of_company)),
]
