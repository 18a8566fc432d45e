import pytest

from lifecycle import logs
from webapp.request_ids import accept_or_mint


@pytest.mark.parametrize("offered", ["a" * 8, "A" * 64, "abc.DEF-1_2"])
def test_a_harmless_id_is_kept(offered):
    assert accept_or_mint(offered) == offered


@pytest.mark.parametrize(
    "offered",
    [None, "", "short12"[:7], "a" * 65, "has space", "new\nline8", "tail8888\n", "ümlaut888", 'qu"ote888'],
)
def test_anything_else_is_replaced_by_a_new_one(offered):
    first, second = accept_or_mint(offered), accept_or_mint(offered)

    assert first != second
    assert accept_or_mint(first) == first


def test_what_the_thread_logs_after_an_answer_does_not_carry_its_request_id(client):
    client.get("/livez")

    assert logs.bound() == {}
