"""What the lane refuses to do, each with a sentence that says what to do about it."""

from billhook.core.errors import Refusal


class LaneRefusal(Refusal):
    """The lane cannot run a job, or cannot vouch for its result; nothing of it counts."""


class UnsoundJob(LaneRefusal):
    """The guide, the rate cards or another input of the job contradict themselves."""


class LineTooLong(LaneRefusal):
    """A line is longer than any usage record: the file is no usage file of this kind."""


class FileMissing(LaneRefusal):
    """A file that the job or a drill-down needs is not there."""


class FileChanged(LaneRefusal):
    """A usage file was written to while it was read."""


class DoesNotBalance(LaneRefusal):
    """Records or control sums were lost or invented between two stages."""
