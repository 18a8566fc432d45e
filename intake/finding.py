"""What can be wrong with a model file: a closed list."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    NOT_READABLE = "not-readable"
    EMPTY = "empty"
    DAMAGED = "damaged"
    FOREIGN = "foreign"
    DANGEROUS = "dangerous"
    SUSPICIOUS = "suspicious"
    MAIN_CLASS = "main-class"
    CLOUDPICKLE = "cloudpickle"
    DILL = "dill"
    MISSING_MODULE = "missing-module"
    NOT_ALLOWED = "not-allowed"
    OTHER_VERSION = "other-version"
    NOT_A_MODEL = "not-a-model"
    UNFITTED = "unfitted"
    READS_FILES = "reads-files"


@dataclass(frozen=True, slots=True)
class Finding:
    code: Code
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a file is judged against: where it lies, what is installed, which runtimes can be made, what was given."""

    path: str
    versions: Mapping[str, str]
    runtimes: tuple[str, ...]
    has_shim: bool = False
    accept_version: bool = False
