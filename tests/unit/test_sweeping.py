"""A sweep that sees nothing would be content with everything."""

import base64
import gzip
import io
import json
import tarfile
import zipfile

import pytest

from tests.sweeping import holders

MARK = "hidden-mark-value"


def tar(name, data):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return file.getvalue()


def zipped(data):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tfplan", data)
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        MARK.encode(),
        gzip.compress(MARK.encode()),
        tar("layer.tar", gzip.compress(tar("etc/secret", MARK.encode()))),
        tar(f"keys/{MARK}.pem", b""),
        zipped(MARK.encode()),
        json.dumps({"user_data": base64.b64encode(f'{{"a": "{MARK}"}}'.encode()).decode()}).encode(),
    ],
    ids=["plain", "gzip", "layer", "name", "zip", "base64"],
)
def test_a_mark_is_found_in_every_form_that_things_lie_in(data):
    assert holders("file", data, ["another", MARK])
    assert holders("file", data, ["another"]) == []
