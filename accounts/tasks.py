from celery import shared_task

from accounts import services


@shared_task(name="accounts.audit_seal")
def audit_seal() -> int:
    """Seal what the sweeper has not sealed yet."""
    return services.audit_seal()
