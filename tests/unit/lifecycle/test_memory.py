from lifecycle.memory import resident_bytes


def test_memory_that_is_used_is_counted():
    before = resident_bytes()
    held = bytearray(b"x" * 50_000_000)

    assert resident_bytes() - before > 40_000_000
    assert len(held) == 50_000_000
