"""The application's name in Django: tables are called core_<model>."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """The business."""

    name = "source_app.core"
    label = "core"
    verbose_name = "Business"
