"""Whose AWS is asked: the local endpoint, or the account behind a profile. AWS's errors under our names."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

from lakehouse_local import environment
from lakehouse_local.aws import Aws
from lakehouse_local.errors import NotRunning
from lakehouse_local.settings import Settings
from lakehouse_local.ship.errors import AccountRefused, ProfileUnknown
from lakehouse_local.ship.measured import Client


def local(settings: Settings) -> Client:
    """Makes clients of the endpoint that runs; NotRunning where none does."""
    running = environment.load(settings)
    if running.aws is None:
        raise NotRunning("no AWS endpoint is running", hint="lakehouse up starts it, unless LAKEHOUSE_S3 is a URL")
    return Aws.of(running).client


def of_profile(profile: str) -> Client:
    """Makes clients of the account behind a profile of AWS's own configuration; ProfileUnknown where there is none."""
    try:
        session = boto3.session.Session(profile_name=profile)
    except ProfileNotFound:
        known = ", ".join(boto3.session.Session().available_profiles) or "no profile at all"
        raise ProfileUnknown(
            f"AWS's configuration has no profile {profile}",
            hint=f"it has {known}; make one: aws configure --profile {profile}",
        ) from None
    return cast("Client", session.client)  # the stubs know each service by a literal of its own


def chosen(settings: Settings, profile: str | None) -> Client:
    """The profile's account if one is named, else the local endpoint."""
    return of_profile(profile) if profile else local(settings)


@contextmanager
def named() -> Iterator[None]:
    """AWS's refusals, and an AWS that does not answer, as AccountRefused."""
    try:
        yield
    except ClientError as error:
        said = error.response["Error"]
        raise AccountRefused(
            f"{error.operation_name}: {said.get('Code')}: {said.get('Message')}",
            hint="the profile's role needs that permission, and the resource has to be there under that name",
        ) from None
    except BotoCoreError as error:
        raise AccountRefused(
            str(error), hint="look at the profile's region and credentials: aws sts get-caller-identity"
        ) from None
