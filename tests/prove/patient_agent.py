"""An agent that waits a quarter of an hour for an upload: the broken twin of the one that gives up in time."""

from agent.__main__ import agent
from lifecycle.adapters import object_store

if __name__ == "__main__":
    object_store.UPLOAD_TIMEOUT_S = 900.0
    agent()
