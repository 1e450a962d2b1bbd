"""The rows of this app; each foreign system keeps its own."""

from interop.avl.models import AvlDevice, AvlServer

__all__ = ["AvlDevice", "AvlServer"]
