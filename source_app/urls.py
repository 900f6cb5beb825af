"""The admin, and its style sheets."""

from django.contrib import admin
from django.contrib.staticfiles.views import serve
from django.urls import path
from django.views.generic import RedirectView

urlpatterns = [
    path("admin/", admin.site.urls),
    # A demo on loopback has no web server in front: it hands out its own files, with DEBUG off too.
    path("static/<path:path>", serve, {"insecure": True}),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]
