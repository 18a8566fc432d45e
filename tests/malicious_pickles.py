"""Files that do harm when plain pickle or joblib loads them, written opcode by opcode."""

import bz2
import gzip
import io
import lzma
import pickle
import struct
import zlib
from pathlib import Path

import joblib
import numpy as np
from scipy import stats


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def call(module: str, name: str, *arguments: bytes) -> bytes:
    return named(module, name) + b"(" + b"".join(arguments) + b"tR"


class _System:
    """Pickles itself, in whatever protocol, as a call of os.system."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, (self.command,)


def running(canary: Path) -> dict[str, bytes]:
    """Each creates the canary when plain pickle loads it: the control group."""
    command = f"touch {canary}"
    shell, code = text(command), text(f"open({str(canary)!r}, 'w').close()")
    found = {f"protocol {number}": pickle.dumps(_System(command), protocol=number) for number in range(6)}
    found |= {
        "REDUCE": b"\x80\x02" + call("os", "system", shell) + b".",
        "INST": b"(S'" + command.encode() + b"'\nios\nsystem\n.",
        "OBJ": b"(" + named("os", "system") + shell + b"o.",
        "NEWOBJ_EX": b"\x80\x04" + named("numpy", "memmap") + b"(" + text(str(canary))
        + text("u1") + text("w+") + b"K\x00K\x04t}\x92.",
        "STACK_GLOBAL with memo": b"\x80\x04" + text("os") + b"\x940" + text("system") + b"\x940h\x00h\x01\x93"
        + shell + b"\x85R.",
        "Python 2 name": b"\x80\x02" + call("__builtin__", "eval", code) + b".",
        "dotted name": b"\x80\x04" + text("joblib.numpy_pickle") + text("os.system") + b"\x93" + shell + b"\x85R.",
        "dotted name of an estimator's module": b"\x80\x04" + text("sklearn.datasets._base") + text("os.system")
        + b"\x93" + shell + b"\x85R.",
        "builtins.exec": b"\x80\x04" + call("builtins", "exec", code) + b".",
        "map": b"\x80\x04" + call("builtins", "list", call("builtins", "map", named("os", "system"), b"]" + shell + b"a"))
        + b".",
        "runstring": b"\x80\x04" + call("numpy.testing._private.utils", "runstring", code, b"}") + b".",
        "pipepager": b"\x80\x04" + call("pydoc", "pipepager", text("x"), shell) + b".",
        "BUILD of __setstate__": _setstate(shell),
        "BUILD of a scipy distribution": _distribution(canary),
        "functools.partial": b"\x80\x04" + call("functools", "partial", named("os", "system"), shell) + b")R.",
        "behind an honest list": b"\x80\x04](K\x01K\x02e0" + call("os", "system", shell) + b".",
    }  # fmt: skip
    return found


def _setstate(shell: bytes) -> bytes:
    """BUILD calls whatever `__setstate__` an object has; a first BUILD puts os.system there."""
    bunch = named("types", "SimpleNamespace") + b")\x81"
    return b"\x80\x04" + bunch + b"}" + text("__setstate__") + named("os", "system") + b"sb" + shell + b"b."


def _distribution(canary: Path) -> bytes:
    """scipy keeps the source of a distribution's argument parser in its state, and executes it when loaded."""
    norm = type(stats.norm)(name="norm")
    state = norm.__getstate__() | {"_parse_arg_template": f"open({str(canary)!r}, 'w').close()"}
    kind = named("scipy.stats._continuous_distns", "norm_gen")
    return b"\x80\x04" + kind + b")\x81" + pickle.dumps(state, protocol=4)[2:-1] + b"b."


def running_in_joblib(canary: Path) -> dict[str, bytes]:
    """Each creates the canary when joblib loads it."""
    stream = io.BytesIO()
    joblib.dump({"rows": np.array([_System(f"touch {canary}")], dtype=object)}, stream)
    return {"joblib object array": stream.getvalue()}


def others(canary: Path) -> dict[str, bytes]:
    """Harm that leaves no canary, or that plain pickle of this Python doesn't do: still never to be loaded."""
    system = running(canary)["REDUCE"]
    shell = text(f"touch {canary}")
    return {
        "gzip": gzip.compress(system),
        "zlib": zlib.compress(system),
        "bz2": bz2.compress(system),
        "xz": lzma.compress(system),
        "lzma": lzma.compress(system, format=lzma.FORMAT_ALONE),
        "spawnv_passfds": b"\x80\x04" + call("multiprocessing.util", "spawnv_passfds", shell, b"]", b"]") + b".",
        "read_csv": b"\x80\x04" + call("pandas.io.parsers.readers", "read_csv", text("http://127.0.0.1:9/x")) + b".",
        "eval_expr": b"\x80\x04" + call("joblib._utils", "eval_expr", text("1")) + b".",
        "numpy.load": b"\x80\x04" + call("numpy", "load", text(str(canary))) + b".",
        "old joblib array": b"\x80\x04" + call("joblib.numpy_pickle_compat", "NDArrayWrapper", shell, b"N") + b".",
        "dotted name with an allowed head": b"\x80\x04" + text("builtins") + text("str.format") + b"\x93)R.",
        "getattr": b"\x80\x04" + call("builtins", "getattr", named("builtins", "str"), text("format")) + b".",
        "computed global": b"\x80\x04" + call("builtins", "bytes", b")") + text("system") + b"\x93.",
        "persistent id": b"\x80\x04" + text("outside") + b"Q.",
        "textual persistent id": b"Poutside\n.",
        "extension": b"\x80\x02\x82\x01.",
        "extension 4": b"\x80\x02\x84\x01\x00\x00\x00.",
        "out-of-band buffer": b"\x80\x05\x97.",
    }  # fmt: skip


def hostile_sizes() -> dict[str, bytes]:
    """Lengths, indices and depths that no file of that size can mean."""
    huge = struct.pack("<Q", 1 << 60)
    return {
        "BINUNICODE8": b"\x80\x04\x8d" + huge + b"abc.",
        "BINBYTES8": b"\x80\x04\x8e" + huge + b"abc.",
        "BYTEARRAY8": b"\x80\x05\x96" + huge + b"abc.",
        "FRAME": b"\x80\x04\x95" + huge + b"N",
        "LONG4": b"\x80\x02\x8b\xff\xff\xff\x7fabc.",
        "LONG4 negative": b"\x80\x02\x8b\xff\xff\xff\xffabc.",
        "bytearray of a size": b"\x80\x02" + call("builtins", "bytearray", b"J\xff\xff\xff\x7f") + b".",
        "list of a range": b"\x80\x02" + call("builtins", "list", call("builtins", "range", b"J\xff\xff\xff\x7f")) + b".",
        "tuples in tuples": b"\x80\x02N" + b"\x85" * 200_000 + b".",
        "a deep key": b"\x80\x02}N" + b"\x85" * 200_000 + b"Ns.",
        "marks": b"\x80\x02" + b"(" * 200_000 + b".",
        "unknown memo": b"\x80\x02j\xff\xff\xff\x7f.",
        "unknown protocol": b"\x80\xff.",
        "endless decimal": b"I" + b"9" * 100_000 + b"\n.",
        "empty stack": b"\x80\x04R.",
        "no stop": b"\x80\x04N",
    }  # fmt: skip
