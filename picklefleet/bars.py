"""Small drawings for a terminal: a value and its interval on a line."""

WIDTH = 40


def bar(value: float, low: float, high: float, *, first: float = 0.0, last: float = 1.0) -> str:
    """`├──●──┤` at its place between `first` and `last`."""
    places = [_place(number, first, last) for number in (low, value, high)]
    cells = ["·"] * WIDTH
    for index in range(places[0], places[2] + 1):
        cells[index] = "─"
    cells[places[0]], cells[places[2]] = "├", "┤"
    cells[places[1]] = "●"
    return "".join(cells)


def scale_line(first: float, last: float) -> str:
    """What the two ends of the bars below it are."""
    left, right = f"{first:.4g}", f"{last:.4g}"
    return left + " " * max(1, WIDTH - len(left) - len(right)) + right


def _place(number: float, first: float, last: float) -> int:
    share = (number - first) / (last - first) if last > first else 0.5
    return round(min(max(share, 0.0), 1.0) * (WIDTH - 1))
