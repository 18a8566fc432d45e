"""The compiled decoder beside Marshmallow, over bodies mutated in every way that we could think of."""

import random

from tests import builders
from tests.body_mutations import mutated
from webapp.contract import Contract, InvalidRequestError
from webapp.decoder import Decoder, RefusedError
from webapp.strict_json import MalformedJsonError, parse

MODELS = (builders.classifier, builders.all_kinds, builders.multiclass, builders.text)


class Credulous(Decoder):
    """The broken twin: it does not look for keys that stand twice."""

    def _refuse_repeated_keys(self, *_, **__):
        return


def decoder(_folder, bodies, seed):
    return {
        "figure": _compared(bodies, seed, Decoder),
        "negative_control": _compared(bodies // 10, seed, Credulous),
    }


def passed(result):
    figure = result["figure"]
    return (
        figure["otherwise"] == 0
        and figure["accepted"] > figure["bodies"] / 10
        and result["negative_control"]["otherwise"] > 0
    )


def _compared(bodies, seed, kind):
    counts = {"bodies": 0, "accepted": 0, "accepted_by_marshmallow": 0, "otherwise": 0}
    draw = random.Random(seed)  # noqa: S311 - the same cases every time
    for make in MODELS:
        built = make()
        contract, read = Contract.of(built.model.signature, 50), kind.of(built.model.signature, 50).read
        for _ in range(bodies // len(MODELS)):
            body = mutated(built.model.signature, list(built.rows), draw)
            expected, got = _in_full(contract, body), _decoded(read, body)
            counts["bodies"] += 1
            counts["accepted"] += got is not None
            counts["accepted_by_marshmallow"] += expected is not None
            counts["otherwise"] += got is not None and (
                expected is None or _exactly(got) != _exactly(expected)
            )
    return counts


def _in_full(contract, body):
    try:
        return contract.read(parse(body, 32))
    except (MalformedJsonError, InvalidRequestError):
        return None


def _decoded(read, body):
    try:
        return read(body)
    except RefusedError:
        return None


def _exactly(request):
    """repr tells 0.0 from -0.0, and 1 from 1.0 and True."""
    columns = {name: repr(list(values)) for name, values in request.columns.items()}
    return request.rows, columns, request.unit_id, request.row_keys, request.method
