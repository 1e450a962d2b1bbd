"""Persons, phones, places and premises, cautions."""

from people.models.caution import Caution
from people.models.person import Person, PersonDetail, Phone
from people.models.place import Area, Place, Premise
from people.models.street import StreetNetwork, StreetPiece

__all__ = ["Area", "Caution", "Person", "PersonDetail", "Phone", "Place", "Premise", "StreetNetwork", "StreetPiece"]
