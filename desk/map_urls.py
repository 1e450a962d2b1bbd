"""Addresses of the map, below /map/, in the names of desk."""

from django.urls import path

from desk.views import map as maps

urlpatterns = [
    path("", maps.page, name="map"),
    path("ground/", maps.ground, name="map_ground"),
    path("state/", maps.state, name="map_state"),
    path("coverage/", maps.coverage_areas, name="map_coverage"),
    path("hot/", maps.hot, name="map_hot"),
    path("picture.svg", maps.picture_svg, name="map_picture"),
    path("tiles.pmtiles", maps.tiles, name="map_tiles"),
    path("incidents/<uuid:id>/", maps.pin, name="map_pin"),
]
