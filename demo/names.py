"""Invented, neutral names for the demo city. No list is taken from a real gazetteer."""

from __future__ import annotations

CITY = "Wrenfield"
RIVER = "Sedge River"

# East-west streets, south to north.
STREETS = (
    "Alder", "Aspen", "Barley", "Basswood", "Birch", "Bramble", "Cedar", "Chestnut", "Clover", "Cypress",
    "Dogwood", "Elder", "Fennel", "Fern", "Flax", "Hawthorn", "Hazel", "Hemlock", "Juniper", "Larch",
    "Laurel", "Linden", "Maple", "Millet", "Mulberry", "Myrtle", "Nettle", "Oak", "Osier", "Poplar",
    "Rowan", "Rye", "Sorrel", "Spruce", "Sumac", "Tamarack", "Willow",
)  # fmt: skip

# North-south avenues, west to east.
AVENUES = (
    "Agate", "Amber", "Auk", "Basalt", "Bittern", "Bluff", "Bunting", "Chalk", "Cinder", "Cobalt",
    "Copper", "Crane", "Curlew", "Dipper", "Dunlin", "Egret", "Finch", "Flint", "Garnet", "Grebe",
    "Gypsum", "Heron", "Central", "Ibis", "Jasper", "Kestrel", "Lapwing", "Linnet", "Marl", "Martin",
    "Merlin", "Mica", "Nuthatch", "Onyx", "Oriole", "Osprey", "Pewter", "Pipit", "Plover", "Quartz",
    "Sandstone", "Slate", "Teal", "Tern", "Topaz",
)  # fmt: skip

RADIALS = ("Millrace", "Ferry", "Quarry", "Orchard", "Kiln", "Prairie", "Depot", "Granary")
LANES = (
    "Acorn", "Anvil", "Apron", "Bellows", "Bobbin", "Button", "Candle", "Cooper", "Cradle", "Dovetail",
    "Easel", "Fiddle", "Harness", "Kettle", "Lantern", "Loom", "Mallet", "Pepper", "Quill", "Saddle",
    "Spindle", "Tallow", "Thimble", "Trellis", "Wagon", "Whistle",
)  # fmt: skip
LANE_SUFFIXES = ("Ln", "Ct", "Way")

# Three districts north of the river and three south of it, each row west to east.
DISTRICTS_NORTH = ("Northgate", "Orchard Heights", "Granary Hill")
DISTRICTS_SOUTH = ("Depot Yards", "Market", "Southmeadow")
