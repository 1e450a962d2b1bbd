from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class AccountsConfig(AppConfig):
    name = "accounts"


class DeskAdminConfig(AdminConfig):
    """Django's admin with the product's own rules of who may enter."""

    default_site = "accounts.admin_site.DeskAdminSite"
