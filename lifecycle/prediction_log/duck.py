"""DuckDB as an engine over local files: nothing is installed, nothing fetched, memory is bounded."""

import os
import secrets
from pathlib import Path

import duckdb

MEMORY = "512MB"
SPILL = "duckdb-"


def connect(scratch: Path, *, memory: str = MEMORY, threads: int = 1) -> duckdb.DuckDBPyConnection:
    """An own in-memory database; what does not fit into `memory` goes to files in `scratch`."""
    connection = duckdb.connect(
        config={
            "memory_limit": memory,
            "threads": threads,
            "temp_directory": str(scratch / f"{SPILL}{os.getpid()}-{secrets.token_hex(8)}"),  # never shared
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    connection.execute("SET enable_progress_bar = false")
    return connection


def quoted(name: str) -> str:
    """An identifier, whatever characters a feature's name is made of."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A string literal, for the places where DuckDB takes no parameter."""
    return "'" + value.replace("'", "''") + "'"
