"""Every setting, declared once with its default, its rule and its meaning."""
# ruff: noqa: RUF009 - `_setting` is `field` by a shorter name: nothing is computed before a Settings is made

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from lifecycle import converters as to
from lifecycle.converters import Secret
from lifecycle.listening import beyond_loopback

PREFIX = "PICKLEFLEET_"
FILE = "_FILE"
EVENT_PLACES = 32


@dataclass(frozen=True, slots=True)
class Setting:
    """`default` is a text as it would stand in the environment."""

    default: str
    convert: Callable[[str], Any]
    help: str


def _setting(default: str, convert: Callable[[str], Any], text: str) -> Any:
    return field(
        default_factory=lambda: convert(default), metadata={"setting": Setting(default, convert, text)}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every value is checked and converted; `Settings()` holds the defaults."""

    store: str = _setting(
        "var/store", to.store_url, "Everything durable: a folder, file:///folder or az://account/prefix."
    )
    store_endpoint: str = _setting(
        "",
        to.endpoint,
        "Where az:// answers, when not at the account's own address (Azurite, private clouds).",
    )
    store_access_key: Secret[str] = _setting(
        "", to.secret_text, "The account's shared key for az://; without one, the machine's managed identity."
    )
    machine_dir: Path = _setting("var/machine", to.folder, "This machine's folder: its cache and its spool.")
    colour: str = _setting(
        "blue",
        to.one_of("blue", "green"),
        "The colour of this fleet, or of this unit on a host that carries both; a release moves traffic between them.",
    )
    carries: str = _setting(
        "both",
        to.one_of("both", "own"),
        "both: this host carries both colours behind one edge proxy; own: this machine belongs to its colour alone.",
    )
    release: str = _setting(
        "",
        to.text,
        "The release that these processes belong to: its id, as `picklefleet release status` names it.",
    )
    keys_dir: Path = _setting("var/keys", to.folder, "Signing keys and the trusted public keys.")
    signing_vault: str = _setting(
        "",
        to.vault,
        "The Key Vault whose keys sign, https://NAME.vault.azure.net, by METADATA_URL's identity; empty: files in KEYS_DIR.",
    )
    fleet_key: Secret[bytes] = _setting(
        "", to.secret_key, "Checks prediction ids; 32 random bytes or more, the same on every machine."
    )
    fleet_key_previous: Secret[bytes] = _setting(
        "", to.secret_key, "The fleet key before this one: ids made with it stay valid while keys change."
    )
    records_key: Secret[bytes] = _setting(
        "",
        to.secret_key,
        "Hashes private fields in the log; 32 random bytes or more, the same everywhere, and never changed.",
    )
    host: str = _setting("127.0.0.1", to.host, "The address that the web service listens on.")
    port: int = _setting(
        "8000", to.whole(0, 65535), "The port that the web service listens on; 0 takes a free one."
    )
    bind: str = _setting(
        "", to.text, "Listen here instead of HOST and PORT, such as unix:/run/picklefleet/web.sock."
    )
    edge_dir: str = _setting(
        "",
        to.text,
        "The folder of this machine's edge proxy: its runtime socket, its state, each colour's socket; empty: none.",
    )
    metadata_url: str = _setting(
        "",
        to.endpoint,
        "Azure's metadata service, http://169.254.169.254 on its machines: the agent drains before what it announces.",
    )
    azure_fleet: str = _setting(
        "",
        to.text,
        "The file of `terraform output -json fleet`: releases then move scale sets and the balancer's rule, not weights.",
    )
    traffic_root: Path = _setting(
        "terraform/traffic",
        to.folder,
        "The folder of terraform/traffic, where the release walker runs Terraform.",
    )
    heartbeat_dir: str = _setting(
        "",
        to.text,
        "Where processes show that they live, for `picklefleet healthy`; a web service on a Unix socket: beside it.",
    )
    trusted_hosts: tuple[str, ...] = _setting(
        "", to.hosts, "Host names that requests may name, with commas between them; empty allows any."
    )
    api_keys: str = _setting(
        "auto",
        to.one_of("auto", "on", "off"),
        "Whether requests need an API key; auto: yes where others than this machine, or a proxy, can reach the service.",
    )
    workers: int = _setting(
        "auto", to.workers, "Web processes; auto is one for each CPU that this process may use."
    )
    worker: str = _setting(
        "events",
        to.one_of("events", "threads"),
        "How a web process meets its clients: events, one loop that answers predictions in batches; or Gunicorn's threads.",
    )
    threads: int = _setting(
        "4",
        to.whole(1, 256),
        "Threads in each web process: they wait for clients; where one loop answers, they do what it hands over.",
    )
    places: int = _setting(
        "0",
        to.whole(0, 4096),
        "Requests that the edge proxy gives one web process at once; 0: as many as THREADS, or 32 where one loop answers.",
    )
    recycle_after_s: float = _setting(
        "60",
        to.seconds(86400),
        "A policy in force this long is loaded once for all web processes: they are replaced one by one.",
    )
    omp_threads: int = _setting("1", to.whole(1, 256), "Threads of BLAS and OpenMP in each web process.")
    fast_path: str = _setting(
        "on",
        to.one_of("on", "off"),
        "Whether models are answered by plans that were proven equal to them; off asks scikit-learn every time.",
    )
    max_body_bytes: int = _setting("16 MiB", to.size, "The largest request body.")
    max_rows: int = _setting("10000", to.whole(1, 1_000_000), "The most rows in one request.")
    max_depth: int = _setting("32", to.whole(4, 500), "How deeply a request's JSON may be nested.")
    request_deadline_s: float = _setting("10", to.seconds(300), "A request that takes longer is given up.")
    graceful_timeout_s: int = _setting(
        "30", to.whole(1, 3600), "At a stop, how long begun requests may take."
    )
    keepalive_s: int = _setting("75", to.whole(0, 3600), "How long an idle connection stays open.")
    key_rate: int = _setting(
        "2000",
        to.whole(0, 100_000),
        "Requests a second of one API key in the long run, over all machines; 0 sets no limit. Held by the edge proxy.",
    )
    key_burst: int = _setting(
        "4000", to.whole(1, 1_000_000), "Requests that an API key which was silent for long may send at once."
    )
    key_machines: int = _setting(
        "1",
        to.whole(1, 1000),
        "How many machines share KEY_RATE and KEY_BURST: each grants its part of them, and knows of no other.",
    )
    rate_limit_headers: str = _setting(
        "on",
        to.one_of("on", "off"),
        "Whether the edge proxy tells what is left to a key in RateLimit and RateLimit-Policy, still an IETF draft.",
    )
    edge_threads: int = _setting(
        "auto",
        to.edge_threads,
        "Threads of the edge proxy; auto is half as many as CPUs: the web processes need the others.",
    )
    address_connections: int = _setting(
        "256", to.whole(1, 100_000), "Connections of one client address to one edge proxy, idle ones too."
    )
    address_requests: int = _setting(
        "20000", to.whole(1, 10_000_000), "Requests of one client address to one edge proxy in 10 seconds."
    )
    edge_connections: int = _setting(
        "2000", to.whole(10, 1_000_000), "Connections that one edge proxy has at once; more wait unanswered."
    )
    edge_waiting: int = _setting(
        "512",
        to.whole(1, 100_000),
        "Requests that may wait in the edge proxy for a web process; more are answered 503 at once.",
    )
    agent_poll_s: float = _setting("5", to.seconds(3600), "The agent's pause between two looks at the store.")
    seal_bytes: int = _setting("16 MiB", to.size, "A spool of records is sealed for shipping at this size.")
    seal_age_s: float = _setting(
        "60",
        to.seconds(3600),
        "A spool is sealed at this age too, and the agent ships what is sealed as often: results are that late.",
    )
    spool_sync_s: float = _setting(
        "1", to.seconds(3600), "How often records are forced to the disk: a power cut loses at most that."
    )
    spool_budget_bytes: int = _setting(
        "2 GiB",
        to.size,
        "The most that records may take while the store is away; more is dropped and counted.",
    )
    scratch_dir: str = _setting(
        "",
        to.text,
        "Where the agent makes segments (50 MB), a folder of its own; in memory a full disk can be emptied.",
    )
    hash_unit_ids: str = _setting(
        "off", to.one_of("on", "off"), "Whether the log holds unit ids only hashed."
    )
    retention_days: int = _setting(
        "400", to.whole(1, 36500), "How long `picklefleet log expire` keeps records."
    )
    dask: str = _setting(
        "",
        to.scheduler,
        "A Dask scheduler whose workers share the reading of the log; empty reads here, in one process.",
    )
    retrain_approval: str = _setting(
        "person",
        to.one_of("person", "auto"),
        "Who lets a blessed challenger have traffic; auto: retraining asks for the rollout by itself.",
    )
    retrain_every_days: int = _setting(
        "0", to.whole(0, 3650), "A retraining is asked for this often, drift or not; 0 never."
    )
    retrain_recipe: str = _setting(
        "",
        to.text,
        "A team's own recipe.py with fit(X, y, seed); empty clones the champion and fits it again.",
    )
    retrain_time_limit_s: float = _setting(
        "3600", to.seconds(604800), "The most time that one retraining may take."
    )
    retrain_memory_bytes: int = _setting("8 GiB", to.size, "The most memory that fitting may take.")
    retrain_key_share: int = _setting(
        "50",
        to.whole(50, 100),
        "The most labelled rows of one API key, in percent, where several keys have some.",
    )
    retrain_label_change: int = _setting(
        "25",
        to.whole(1, 100),
        "How far a label's share may be from the base set's, in points; beyond it a person decides.",
    )
    retrain_answer_change: int = _setting(
        "25",
        to.whole(1, 100),
        "How many of the trusted rows a challenger may label otherwise than the champion, in percent.",
    )
    code_commit: str = _setting(
        "", to.text, "The commit that this installation or the recipe was made from, for the cards of models."
    )
    retrain_floor: float | None = _setting(
        "",
        to.number,
        "The primary metric that a challenger must reach on the newest rows, whatever the champion does.",
    )
    replay: str = _setting(
        "0",
        to.one_of("0", "1", "behind-proxy"),
        "1: the header X-Replay-Time sets a record's time, for replays of the past on this machine alone. behind-proxy: "
        "the same for a service whose proxy this machine alone can reach.",
    )
    statsd_host: str = _setting("", to.host, "Where metrics are sent by StatsD's protocol; empty sends none.")
    statsd_port: int = _setting("8125", to.whole(1, 65535), "The UDP port of the StatsD server.")
    trace_share: float = _setting(
        "0",
        to.share,
        "The share of requests, 0 to 1, that the agent tells Azure Monitor as traces; 0: none. With STATSD_HOST, its address.",
    )
    statsd_listen: tuple[str, int] | None = _setting(
        "",
        to.listener,
        "The agent takes metrics here, such as 172.31.250.1:8125, from containers that have no route out.",
    )
    azure_monitor: Secret[str] = _setting(
        "",
        to.secret_text,
        "The connection string of an Application Insights: the agent and the worker send it the same metrics too.",
    )
    azure_client_id: str = _setting(
        "",
        to.text,
        "The client id of the identity to be used where a machine of Azure has several; with METADATA_URL.",
    )
    graphite_url: str = _setting(
        "", to.web_page, "Where graphite-web answers: the worker looks there for alarms; empty: it does not."
    )
    smtp_host: str = _setting(
        "", to.host, "The mail server that nights are reported through; empty sends no mail."
    )
    smtp_port: int = _setting("587", to.whole(1, 65535), "Its port: 587 for starttls, 465 for tls.")
    smtp_security: str = _setting(
        "starttls",
        to.one_of("starttls", "tls", "none"),
        "How the connection is kept private; none is for a server on this very machine.",
    )
    smtp_user: str = _setting("", to.text, "The user at the mail server; empty sends without one.")
    smtp_password: Secret[str] = _setting("", to.secret_text, "That user's password.")
    smtp_ca: str = _setting(
        "",
        to.text,
        "A file with the certificate of the authority that the mail server is checked by, where it is your own.",
    )
    mail_from: str = _setting("", to.address, "Who the mails are from.")
    mail_to: tuple[str, ...] = _setting(
        "", to.addresses, "Who gets them, with commas between; nobody else ever does."
    )
    mail_nights: str = _setting(
        "all",
        to.one_of("all", "news"),
        "news: only nights with something found that nobody snoozed, or over; missing reports always.",
    )
    reports_url: str = _setting(
        "", to.web_page, "Where people can read the store's reports area, for a link in the mails."
    )
    log_level: str = _setting(
        "info", to.one_of("debug", "info", "warning", "error"), "The least severe events that are logged."
    )
    log_format: str = _setting("json", to.one_of("json", "text"), "json for machines, text for a terminal.")

    @property
    def own_colour(self) -> Literal["blue", "green"] | None:
        """The colour that this machine belongs to; None where it carries both."""
        if self.carries == "both":
            return None
        return "green" if self.colour == "green" else "blue"

    @property
    def at_work(self) -> int:
        """Requests that all web processes of one colour are given at once. One loop answers many in one turn."""
        each = self.places or (EVENT_PLACES if self.worker == "events" else self.threads)
        return self.workers * each

    @property
    def keys_required(self) -> bool:
        """On a Unix socket too: a proxy stands in front, and this process can't know who reaches that."""
        proxied = self.bind.startswith("unix:")
        return self.api_keys == "on" or (
            self.api_keys == "auto" and (proxied or beyond_loopback(self.host, self.bind))
        )


def declared() -> dict[str, Setting]:
    """Every setting by its name without the prefix, in the order of the documentation."""
    return {one.name.upper(): one.metadata["setting"] for one in fields(Settings)}
