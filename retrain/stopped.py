"""Why a training ends without a challenger, or waits. Neither is a crash: each says what a person can do."""

from lifecycle.errors import PicklefleetError


class TrainingStoppedError(PicklefleetError):
    """Nothing can be learned from these data, or a person must decide; the request is answered with this."""

    exit_code = 3


class TrainingWaitsError(PicklefleetError):
    """Not now: the request stays open."""

    exit_code = 75  # EX_TEMPFAIL
