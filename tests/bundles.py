"""A bundle with a few bytes instead of a model: enough for everything that does not load it."""

from lifecycle.bundle import Manifest, file_entry
from lifecycle.signature import Feature, Output, Signature

SIGNATURE = Signature((Feature("x0", "number", "float64"),), (Output("y", "regression"),), named=False)


def write_bundle(folder, content=b"model bytes", name="flights"):
    """The folder and its manifest."""
    folder.mkdir()
    (folder / "model.pkl").write_bytes(content)
    (folder / "golden.json").write_bytes(b"{}")
    files = tuple(file_entry(folder / file) for file in ("model.pkl", "golden.json"))
    manifest = Manifest(name, files, SIGNATURE, "sklearn-1.9", {"scikit-learn": "1.9.1"})
    (folder / "manifest.json").write_bytes(manifest.to_bytes())
    return folder, manifest
