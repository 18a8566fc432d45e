"""The key files of one installation: two signing keys, the fleet key and the records key, made once, rotated, revoked."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lifecycle.atomic_file import write_atomically
from lifecycle.errors import NotFoundError
from lifecycle.installation_keys import FLEET, RECORDS, create_key
from lifecycle.signing import ROLES, Role, TrustedKey, create_signing_key, load_trust, with_key, write_trust


def create_missing(folder: Path, roles: tuple[Role, ...] = ROLES) -> Iterator[Path]:
    """Make each key file that is not there (mode 0600), of the signing keys those of `roles`; yields the paths made."""
    for role in roles:
        path = folder / f"{role}.pem"
        if not path.exists():
            create_signing_key(role, folder)
            yield path
    for key in (FLEET, RECORDS):
        made = create_key(key, folder)
        if made is not None:
            yield made


def export(folder: Path, target: Path) -> None:
    """What checks signatures and ids, without what signs. Raises NotFoundError where a key is missing."""
    write_trust(target, load_trust(folder))
    for key in (FLEET, RECORDS):
        try:
            content = (folder / key.file).read_bytes()
        except FileNotFoundError:
            raise NotFoundError(
                f"There is no {key.word} key in {folder}.", fix="Make it: picklefleet trust init"
            ) from None
        write_atomically(target / key.file, content, mode=0o600)


def rotate(folder: Path, role: Role) -> TrustedKey:
    """Replace the private key of a role; the public half of the old one stays trusted."""
    return create_signing_key(role, folder).trusted


def believe(folder: Path, key: TrustedKey) -> bool:
    """Whether it is new in the folder's trust set. Raises NotFoundError where it was revoked: it stays so."""
    trust = load_trust(folder)
    known = trust.keys.get(key.key_id)
    if known is not None and known.revoked:
        raise NotFoundError(
            f"The vault's newest {key.role} key {key.key_id} was revoked.",
            fix=f"Make a new version: az keyvault key rotate --vault-name … --name {key.role}",
        )
    write_trust(folder, with_key(trust, key))
    return known is None


def revoke(folder: Path, key_id: str) -> None:
    """Raises NotFoundError, naming the keys there are."""
    trust = load_trust(folder)
    key = trust.keys.get(key_id)
    if key is None:
        raise NotFoundError(f"There is no key {key_id!r}.", fix=f"Keys: {', '.join(trust.keys) or 'none'}.")
    write_trust(folder, with_key(trust, replace(key, revoked=True)))
