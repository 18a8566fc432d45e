"""How much the head of a request may hold. Imports nothing: Gunicorn's configuration reads it before all else."""

MAX_URI = 2000  # below Gunicorn's own limit of the line, whose answer would not be a problem document
MAX_LINE = 2048
MAX_HEADERS = 50
MAX_HEADER_BYTES = 4096
