"""Which settings do not go together."""

from collections.abc import Iterator

from lifecycle.listening import beyond_loopback
from lifecycle.settings.mail import mail_contradictions
from lifecycle.settings.table import PREFIX, Settings

MAX_REFILL_S = 1500  # the edge proxy counts microseconds in 32 bits: half of their 71 minutes, and some room


def contradictions(settings: Settings) -> Iterator[str]:
    """Sentences that name the variables and the way out; none where all is well."""
    if settings.request_deadline_s >= settings.graceful_timeout_s:
        yield (
            f"{PREFIX}REQUEST_DEADLINE_S must be smaller than {PREFIX}GRACEFUL_TIMEOUT_S: "
            "else a stop cuts off requests that are still allowed to run."
        )
    if settings.key_rate and settings.key_burst > settings.key_rate * MAX_REFILL_S:
        yield (
            f"{PREFIX}KEY_BURST can't be more than {PREFIX}KEY_RATE brings in {MAX_REFILL_S // 60} minutes, the "
            "longest that the edge proxy counts: lower the burst, or raise the rate."
        )
    proxied = settings.bind.startswith("unix:")
    if settings.replay == "1" and (proxied or beyond_loopback(settings.host, settings.bind)):
        yield (
            f"{PREFIX}REPLAY can't be 1 while others than this machine can reach the service: they could write "
            f"the past anew. Listen on a loopback address ({PREFIX}HOST=127.0.0.1), or set behind-proxy where nobody else "
            "reaches the proxy."
        )
    yield from mail_contradictions(settings)
    if settings.statsd_listen and not settings.statsd_host and not settings.azure_monitor:
        yield (
            f"{PREFIX}STATSD_LISTEN needs {PREFIX}STATSD_HOST or {PREFIX}AZURE_MONITOR: metrics that are taken must "
            "go somewhere."
        )
    if settings.trace_share and not settings.statsd_host:
        yield (
            f"{PREFIX}TRACE_SHARE needs {PREFIX}STATSD_HOST: traces go to the agent that takes the metrics too."
        )
    if settings.signing_vault and not settings.metadata_url:
        yield (
            f"{PREFIX}SIGNING_VAULT needs {PREFIX}METADATA_URL: the vault signs for the machine's identity, which Azure's "
            "metadata service knows (http://169.254.169.254)."
        )
    if settings.api_keys == "off" and beyond_loopback(settings.host, settings.bind):
        yield (
            f"{PREFIX}API_KEYS can't be off while others than this machine can reach the service: "
            f"leave it at auto, or listen on a loopback address ({PREFIX}HOST=127.0.0.1)."
        )
