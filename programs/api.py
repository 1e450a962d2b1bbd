"""Programs and the stop key over HTTP."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import SignedIn, has_role
from accounts.api import CentreView, CodeField, InputSerializer, described
from accounts.models import Role
from programs.access import suspension_for
from programs.models import Suspension
from programs.selectors import programs_published, suspensions_standing
from programs.services import suspension_ask_resume, suspension_resume, suspension_set


class ProgramSerializer(serializers.Serializer[Any]):
    """A published program as it stands now."""

    slug = serializers.CharField()
    name = serializers.CharField()
    agency = serializers.CharField()
    version = serializers.IntegerField()
    published_at = serializers.DateTimeField()
    response_class = serializers.CharField(allow_null=True)
    hours = serializers.CharField(help_text="OpenStreetMap notation, in the centre's zone")
    open_now = serializers.BooleanField(allow_null=True)
    suspended = serializers.CharField(allow_blank=True, help_text="why diversion to it is stopped; empty if it is not")
    max_wait_s = serializers.IntegerField(allow_null=True)


class ProgramsSerializer(serializers.Serializer[Any]):
    """All published programs of the centre."""

    results = ProgramSerializer(many=True)


class SuspensionSerializer(serializers.Serializer[Any]):
    """A standing, or just lifted, stop key."""

    id = serializers.UUIDField()
    scope = serializers.CharField()
    subject = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()
    set_by = serializers.CharField()
    set_at = serializers.DateTimeField()
    resume_asked_at = serializers.DateTimeField(allow_null=True)
    lifted_at = serializers.DateTimeField(allow_null=True)


class SuspensionsSerializer(serializers.Serializer[Any]):
    """All standing stop keys."""

    results = SuspensionSerializer(many=True)


class SuspensionSetSerializer(InputSerializer):
    """Stop diversion for everything, one program, one beat or one nature."""

    scope = CodeField(Suspension.Scope.values)
    subject = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    reason = serializers.CharField(max_length=200)


class Programs(CentreView):
    """What is published."""

    permission_classes = [SignedIn]

    @described("programs_list", "programs", ProgramsSerializer)
    def get(self, request: Request) -> Response:
        """The published programs, by slug."""
        published = programs_published(self.centre, at=self.at, lat=None, lon=None)
        rows = [
            {
                "slug": version.program.slug,
                "name": version.program.name,
                "agency": version.program.agency.name,
                "version": version.number,
                "published_at": version.published_at,
                "response_class": version.spec["rules"].get("response_class"),
                "hours": version.spec.get("hours", ""),
                "open_now": published.open_now.get(version.program.slug),
                "suspended": published.suspended.get(version.program.slug, ""),
                "max_wait_s": version.spec.get("max_wait_s"),
            }
            for version in published.versions
        ]
        return Response({"results": ProgramSerializer(rows, many=True).data})


class Suspensions(CentreView):
    """The stop key."""

    permission_classes = [SignedIn]

    def get_permissions(self) -> list[Any]:
        return [has_role(Role.SUPERVISOR)()] if self.request.method == "POST" else [SignedIn()]

    @described("suspensions_list", "programs", SuspensionsSerializer)
    def get(self, request: Request) -> Response:
        """What is stopped now."""
        return Response({"results": SuspensionSerializer(suspensions_standing(self.centre), many=True).data})

    @described("suspensions_create", "programs", SuspensionSerializer, body=SuspensionSetSerializer, status=201)
    def post(self, request: Request) -> Response:
        """Stop at once: one supervisor is enough, since it only raises care. Twice the same is one."""
        made = suspension_set(centre=self.centre, by=self.person, at=self.at, **self.checked(SuspensionSetSerializer))
        return Response(SuspensionSerializer(made).data, status=201)


class SuspensionAskResume(CentreView):
    """The first of two people who resume."""

    permission_classes = [has_role(Role.SUPERVISOR, Role.PROGRAM_ADMINISTRATOR)]

    @described("suspensions_ask_resume", "programs", SuspensionSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Ask to resume."""
        stop = suspension_ask_resume(suspension=suspension_for(self.person, id), by=self.person, at=self.at)
        return Response(SuspensionSerializer(stop).data)


class SuspensionResume(CentreView):
    """The second of two people who resume."""

    permission_classes = [has_role(Role.SUPERVISOR, Role.PROGRAM_ADMINISTRATOR, Role.DISPATCHER)]

    @described("suspensions_resume", "programs", SuspensionSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Confirm; never by the one who asked."""
        stop = suspension_resume(suspension=suspension_for(self.person, id), by=self.person, at=self.at)
        return Response(SuspensionSerializer(stop).data)
