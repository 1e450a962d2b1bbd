"""Persons, phones, safety profiles, places and premises, cautions."""

from people.models.caution import Caution
from people.models.person import Person, PersonDetail, Phone
from people.models.place import Area, Place, Premise
from people.models.profile import PROFILE_DETAILS, SafetyProfile
from people.models.street import StreetNetwork, StreetPiece

__all__ = [
    "PROFILE_DETAILS",
    "Area",
    "Caution",
    "Person",
    "PersonDetail",
    "Phone",
    "Place",
    "Premise",
    "SafetyProfile",
    "StreetNetwork",
    "StreetPiece",
]
