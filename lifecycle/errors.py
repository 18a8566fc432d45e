"""The facts that the domain raises. The edges (HTTP, command line) give them a status or an exit code."""


class PicklefleetError(Exception):
    """Something a person can act on: what is wrong, and how to mend it, both in plain words.

    `exit_code` is what a command ends with when this error reaches its edge.
    """

    exit_code = 1

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()


class SettingsError(PicklefleetError):
    """One or more settings are wrong; the message lists every one of them."""

    exit_code = 2


class StoreError(PicklefleetError):
    """The store answered something that it should not have."""


class StoreUnavailableError(StoreError):
    """The store did not answer; trying again later may help."""

    exit_code = 75  # EX_TEMPFAIL


class NotFoundError(StoreError):
    """No object or version of that name."""


class AlreadyExistsError(StoreError):
    """A create-only write found the object there: somebody else was first."""


class ModelRefusedError(PicklefleetError):
    """A model file that will not be loaded or served, with the reason and the exact fix."""

    exit_code = 3


class BundleError(PicklefleetError):
    """A bundle that may not be used."""

    exit_code = 4


class CorruptBundleError(BundleError):
    """Bytes that differ from what the manifest names."""


class UntrustedBundleError(BundleError):
    """A signature is missing, wrong, or by a key that is not trusted."""


class WrongRuntimeError(BundleError):
    """The bundle names other model libraries than those installed here."""


class ModelFailureError(PicklefleetError):
    """The model itself raised or answered nonsense for rows that its signature allows."""
