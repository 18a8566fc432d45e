from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.prediction_log.framing import FrameReader, framed

# what an encoder writes: UTF-8, of which 0xff is never a part
EVENTS = st.lists(st.text(max_size=40).map(lambda text: text.encode("utf-8", "ignore")), max_size=6)


def test_whole_events_come_back_in_order():
    reader = FrameReader(framed(b"one") + framed(b"") + framed(b"three"))

    assert list(reader) == [b"one", b"", b"three"]
    assert (reader.torn_tail_bytes, reader.damaged_bytes) == (0, 0)


@settings(max_examples=150, deadline=None)
@given(EVENTS, st.data())
def test_a_cut_anywhere_keeps_every_whole_event_before_it(events, data):
    whole = b"".join(map(framed, events))
    cut = data.draw(st.integers(0, len(whole)))
    reader = FrameReader(whole[:cut])
    complete = [n for n in range(len(events) + 1) if len(b"".join(map(framed, events[:n]))) <= cut][-1]

    assert events[:complete] == list(reader)
    assert cut - len(b"".join(map(framed, events[:complete]))) == reader.torn_tail_bytes


@settings(max_examples=150, deadline=None)
@given(EVENTS.filter(bool), st.data())
def test_a_flipped_byte_costs_its_own_event_and_no_other(events, data):
    frames = list(map(framed, events))
    broken = data.draw(st.integers(0, len(frames) - 1))
    at = data.draw(st.integers(0, len(frames[broken]) - 1))
    mask = data.draw(st.integers(1, 255))
    bad = bytearray(frames[broken])
    bad[at] ^= mask
    reader = FrameReader(b"".join([*frames[:broken], bytes(bad), *frames[broken + 1 :]]))

    assert events[:broken] + events[broken + 1 :] == list(reader)
    lost = len(frames[broken])
    assert (lost if broken == len(frames) - 1 else 0) == reader.torn_tail_bytes
    assert (0 if broken == len(frames) - 1 else lost) == reader.damaged_bytes


@settings(max_examples=50, deadline=None)
@given(EVENTS, st.binary(max_size=60), EVENTS.filter(bool))
def test_noise_between_events_is_passed_over(before, noise, after):
    reader = FrameReader(b"".join(map(framed, before)) + noise + b"".join(map(framed, after)))

    assert before + after == list(reader)
    assert len(noise) == reader.damaged_bytes
