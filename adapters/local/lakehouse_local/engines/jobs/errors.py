"""What keeps a job's script from starting; the run is FAILED with the message."""

from lakehouse_core.errors import LakehouseError


class LaunchFailed(LakehouseError):
    """Something that the run needs is not there, or not possible on this machine."""

    code = "job-launch"
