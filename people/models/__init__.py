"""Persons, phones, places and premises, cautions."""

from people.models.caution import Caution
from people.models.person import Person, PersonDetail, Phone
from people.models.place import Area, Place, Premise

__all__ = ["Area", "Caution", "Person", "PersonDetail", "Phone", "Place", "Premise"]
