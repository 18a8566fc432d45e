from lifecycle.metrics import NullMetrics
from lifecycle.settings import load
from tests import builders
from tests.serving import KEY, LIMITS
from webapp.service import Limits, Service


class Recorder(NullMetrics):
    """Keeps what was measured, after the real checks of names and tags."""

    def __init__(self) -> None:
        self.gauges: list[tuple[str, float, str]] = []

    def gauge(self, name: str, value: float, /, **tags: str) -> None:
        super().gauge(name, value, **tags)
        if name == "model_info":
            self.gauges.append((name, value, *tags.values()))


def test_a_model_s_contract_is_built_once_and_again_for_the_next_model():
    current = builders.classifier()
    metrics = Recorder()
    service = Service(lambda: current.model, lambda _: current.golden, KEY, LIMITS, metrics)
    first = service.served()
    assert service.served() is first

    current = builders.regressor()
    second = service.served()

    assert second is not None
    assert second.model is current.model
    assert service.served() is second
    assert metrics.gauges == [("model_info", 1, "v1"), ("model_info", 0, "v1"), ("model_info", 1, "v1")]


def test_the_example_is_the_first_golden_row():
    built = builders.classifier()
    service = Service(lambda: built.model, lambda _: built.golden, KEY, LIMITS, NullMetrics())

    served = service.served()

    assert served is not None
    assert served.example == built.rows[0]


def test_limits_are_the_settings_own():
    limits = Limits.of(load({}))

    assert limits == Limits(16 * 1024 * 1024, 10_000, 32, 10.0)
