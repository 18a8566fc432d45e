import base64
import secrets
import subprocess

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.gates import tools


def test_no_secret_is_in_the_repository():
    assert tools.secrets(tools.tracked(), tools.ROOT) == []


def test_keys_in_files_are_caught(tmp_path):
    account_key = base64.b64encode(secrets.token_bytes(64)).decode()
    settings, key = tmp_path / "settings.py", tmp_path / "deploy.pem"
    settings.write_text(f'connection = "AccountName=a;AccountKey={account_key}"\n')
    private = generate_private_key(public_exponent=65537, key_size=2048)
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    assert {"settings.py", "deploy.pem"} == {
        found.split()[-1].partition(":")[0] for found in tools.secrets([settings, key], tmp_path)
    }
