"""Files that are no pickles, recognised by their first bytes, with what to do about each."""

import io
import zipfile

_AGAIN = "Hand over the fitted scikit-learn object itself: joblib.dump(model, 'model.pkl')."
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (perhaps a Keras model)", _AGAIN),
    (
        b"version https://git-lfs.github.com/spec",
        "a Git LFS pointer, not the model itself",
        "Run `git lfs pull`.",
    ),
    (b"\x93NUMPY", "a numpy array (.npy)", _AGAIN),
    (b"PAR1", "a Parquet table", _AGAIN),
    (b"CBM1", "a CatBoost model of its own format", _AGAIN),
    (b"binf", "an XGBoost model of its own format", "Pickle the XGBClassifier or XGBRegressor itself."),
    (
        b"tree\nversion=",
        "a LightGBM model of its own text format",
        "Pickle the LGBMClassifier or LGBMRegressor itself.",
    ),
    (b"RDX", "an R workspace", _AGAIN),
    (b"X\n\x00\x00\x00", "an R object (.rds)", _AGAIN),
    (b"%PDF", "a PDF document", _AGAIN),
    (b"\x7fELF", "a program", _AGAIN),
    (b"SQLite format 3", "an SQLite database", _AGAIN),
    (b"ustar", "a tar archive", "Unpack it and hand over the model file."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it and hand over the model file."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it with `zstd -d` and hand over the model file."),
)
_ZIP = b"PK\x03\x04"


def recognise(data: bytes) -> tuple[str, str] | None:
    """What the file is ("a …") and the way out, or None for something that may be a pickle."""
    if data.startswith(_ZIP):
        return _zip_kind(data)
    if data[257:262] == b"ustar":
        return "a tar archive", "Unpack it and hand over the model file."
    for magic, what, fix in _MAGIC:
        if data.startswith(magic):
            return what, fix
    return _text_kind(data) or _onnx(data)


def _zip_kind(data: bytes) -> tuple[str, str]:
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return "a damaged zip archive", "Copy it again from where it was made."
    if any(name.endswith("data.pkl") for name in names):
        return (
            "a PyTorch checkpoint",
            "PyTorch models are not served here; only scikit-learn, xgboost, lightgbm are.",
        )
    if "config.json" in names and any(name.endswith(".h5") for name in names):
        return "a Keras model", "Keras models are not served here; only scikit-learn, xgboost, lightgbm are."
    if "schema.json" in names:
        return "a skops file", "Load it with skops where it was made, then joblib.dump the model."
    if any(name.endswith(".npy") for name in names):
        return "a numpy archive (.npz)", _AGAIN
    return "a zip archive", "Unpack it and hand over the model file."


def _text_kind(data: bytes) -> tuple[str, str] | None:
    start = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    lowered = start.lower()
    if lowered.startswith((b"<!doctype html", b"<html")):
        return "a web page, perhaps an error or login page saved as the model", "Download the model again."
    if lowered.startswith(b"<?xml") or b"<pmml" in lowered:
        return ("a PMML model", _AGAIN) if b"<pmml" in lowered else ("an XML document", _AGAIN)
    if start[:1] in (b"{", b"[") and start[1:2] in b' \r\n\t"[{0123456789-':
        return "a JSON document", _AGAIN
    return None


def _onnx(data: bytes) -> tuple[str, str] | None:
    """ONNX is a protobuf without a magic; its first field is the version, its next the producer's name."""
    if data[:1] == b"\x08" and data[1:2] < b"\x20" and data[2:3] in (b"\x12", b"\x3a", b"\x42"):
        return "an ONNX model", _AGAIN
    return None
