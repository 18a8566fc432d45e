"""A letter as it goes over the wire: headers, text, HTML and pictures in one, with an id that never changes."""

import hashlib
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from drift_jobs.mail.wording import printable
from lifecycle import clock

LIMIT_BYTES = 100_000
_POLICY = SMTP.clone(cte_type="7bit")
# a header that is a little too long would begin with an empty line; what is encoded must stay short
_WHOLE_LINES = _POLICY.clone(max_line_length=998)

Pictures = tuple[tuple[str, bytes], ...]  # a file's name and its PNG


@dataclass(frozen=True, slots=True)
class Letter:
    """`key` names it in the outbox; with `model` it is its id: the same event makes the same letter, whoever writes it.

    One without `news` may be held back by the settings. A `copy` that somebody asks for has the same id.
    """

    key: str
    subject: str
    text: str
    html: str
    pictures: Pictures = ()
    news: bool = True
    model: str = ""
    copy: str = ""

    @property
    def place(self) -> str:
        """Its key in the outbox."""
        return f"{self.key}-{self.copy}" if self.copy else self.key


def message_id(letter: Letter, sender: str) -> str:
    """Of date, version and model alone, at the sender's domain."""
    digest = hashlib.blake2b(f"{letter.key} {letter.model}".encode(), digest_size=12).hexdigest()
    return f"<picklefleet.{digest}@{sender.rpartition('@')[2]}>"


def as_bytes(letter: Letter, sender: str, recipients: tuple[str, ...]) -> bytes:
    """RFC 5322, seven bits, lines as SMTP wants them."""
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = printable(letter.subject)
    message["From"], message["To"] = sender, ", ".join(recipients)
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = message_id(letter, sender)
    message["Auto-Submitted"] = "auto-generated"  # no out-of-office notes, please
    message.set_content(letter.text, cte=_encoding(letter.text))
    message.add_alternative(letter.html, subtype="html", cte=_encoding(letter.html))
    _attach(message, letter)
    return message.as_bytes(policy=_WHOLE_LINES if message["Subject"].isascii() else _POLICY)


def in_letter(picture: dict[str, Any]) -> str:
    """How the HTML of a letter names its picture."""
    return f"cid:{picture['name']}@picklefleet"


def _attach(message: EmailMessage, letter: Letter) -> None:
    parts: Any = message.get_payload()
    for name, png in letter.pictures:
        parts[1].add_related(
            png,
            maintype="image",
            subtype="png",
            cid=f"<{name}@picklefleet>",
            filename=name,
            disposition="inline",
        )


def _encoding(text: str) -> str:
    """Quoted-printable can be read by eye; a text that is mostly of other letters would triple in it."""
    foreign = sum(len(letter.encode()) for letter in text if letter > "~")
    return "quoted-printable" if foreign * 3 < len(text) else "base64"
