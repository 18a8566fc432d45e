from lifecycle.settings import load
from tests import builders
from tests.serving import service_for
from webapp.service import Limits


def test_a_process_without_traffic_serves_nothing():
    assert service_for(None).served() is None


def test_the_champion_is_what_is_served():
    built = builders.classifier()

    assert service_for(built).served().model is built.model


def test_the_example_is_the_first_golden_row():
    built = builders.classifier()

    assert service_for(built).served().example == built.rows[0]


def test_limits_are_the_settings_own():
    limits = Limits.of(load({}))

    assert limits == Limits(16 * 1024 * 1024, 10_000, 32, 10.0)
