"""Offers: made, ended, and the rounds in which the engine makes them."""

from dispatch.services.offers.making import (
    assignment_offer,
    offer_expire,
    offer_lapse,
    offers_withdraw,
    other_offers_end,
    stopped_here,
)
from dispatch.services.offers.rounds import OrderHeld, incident_offer, offers_run

__all__ = [
    "OrderHeld",
    "assignment_offer",
    "incident_offer",
    "offer_expire",
    "offer_lapse",
    "offers_run",
    "offers_withdraw",
    "other_offers_end",
    "stopped_here",
]
