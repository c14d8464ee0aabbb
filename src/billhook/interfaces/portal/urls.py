"""Addresses of the portal."""

from django.urls import URLPattern, URLResolver, path

from billhook.interfaces.portal import sign_up

app_name = "portal"

urlpatterns: list[URLPattern | URLResolver] = [
    path("<slug:company>/signup/<slug:plan>/", sign_up.form, name="sign-up"),
    path("<slug:company>/signup/<slug:plan>/bill/", sign_up.first_bill, name="first-bill"),
    path("<slug:company>/signup/<slug:plan>/done/<str:key>/", sign_up.done, name="signed-up"),
]
