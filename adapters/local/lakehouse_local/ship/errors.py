"""Errors of taking the lakehouse to AWS."""

from lakehouse_core.errors import LakehouseError


class PriceUnknown(LakehouseError):
    """The price list lacks what the plan asks for."""

    code = "price-unknown"
    exit_code = 2


class PricesInvalid(LakehouseError):
    """A file is no price list."""

    code = "prices-invalid"
    exit_code = 2


class PlanInvalid(LakehouseError):
    """A file is no Terraform plan in JSON."""

    code = "plan-invalid"
    exit_code = 2


class NothingMeasured(LakehouseError):
    """No run of the jobs is there to predict from."""

    code = "nothing-measured"


class ProfileUnknown(LakehouseError):
    """AWS's configuration has no such profile."""

    code = "profile-unknown"
    exit_code = 2


class AccountRefused(LakehouseError):
    """AWS refused a call, or did not answer."""

    code = "account-refused"


class CheckoutInvalid(LakehouseError):
    """A folder is no checkout of this project."""

    code = "checkout-invalid"
    exit_code = 2


class WheelNotBuilt(LakehouseError):
    """The wheel could not be built."""

    code = "wheel-not-built"


class SourceUnreachable(LakehouseError):
    """DMS cannot connect to the source."""

    code = "source-unreachable"
