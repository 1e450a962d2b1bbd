"""The list for review: what somebody looks at again, and that somebody has."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import has_role
from accounts.api import CentreView, described
from accounts.models import Role
from dispatch.access import review_for
from dispatch.api.inputs import ReviewNoteSerializer
from dispatch.models import ReviewItem
from dispatch.selectors.reviews import reviews_open
from dispatch.services.review import review_close


class ReviewSerializer(serializers.ModelSerializer[ReviewItem]):
    """One thing to review: what, about which call and unit, by whom; and the review, once there is one."""

    incident = serializers.UUIDField(source="incident_id", allow_null=True)
    unit = serializers.UUIDField(source="unit_id", allow_null=True)
    by = serializers.CharField(allow_null=True)
    reviewed_by = serializers.CharField(allow_null=True)

    class Meta:
        model = ReviewItem
        fields = [
            "id",
            "kind",
            "subject",
            "incident",
            "unit",
            "reason",
            "at",
            "by",
            "reviewed_at",
            "reviewed_by",
            "note",
        ]


class ReviewsSerializer(serializers.Serializer[Any]):
    """What nobody has reviewed yet, oldest first."""

    results = ReviewSerializer(many=True)
    more = serializers.IntegerField(help_text="how many younger ones are not listed")


class Reviews(CentreView):
    """Open items."""

    permission_classes = [has_role(Role.SUPERVISOR)]

    @described("reviews_list", "reviews", ReviewsSerializer)
    def get(self, request: Request) -> Response:
        """What nobody has reviewed: returns, backups, classes sent too low, stage orders, overrides, escalations, and
        readings of safety profiles for a typed number."""
        found = reviews_open(centre=self.centre)
        return Response({"results": ReviewSerializer(found.items, many=True).data, "more": found.more})


class ReviewClose(CentreView):
    """Somebody has looked at it."""

    permission_classes = [has_role(Role.SUPERVISOR)]

    @described("reviews_close", "reviews", ReviewSerializer, body=ReviewNoteSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Say what came of it. Not for what one did oneself, nor for what another supervisor has reviewed."""
        item, data = review_for(self.person, id), self.checked(ReviewNoteSerializer)
        return Response(ReviewSerializer(review_close(item=item, by=self.person, at=self.at, **data)).data)
