"""The documentation of a service that needs keys, read and tried by a person with a browser."""

import threading

import pytest
from werkzeug.serving import make_server

from lifecycle.api_keys import KeySet, make_key
from lifecycle.clock import now
from tests import builders
from tests.browser import Browser, needs_browser
from tests.serving import client_for
from webapp.authentication import Gate

pytestmark = [needs_browser, pytest.mark.timeout(180)]

BOTH = make_key("shop", ("predict", "read"), now(), lifetime=None)
READER = make_key("shop", ("read",), now(), lifetime=None)
CALLER = make_key("shop", ("predict",), now(), lifetime=None)
KEYS = KeySet.of([BOTH.key, READER.key, CALLER.key])


@pytest.fixture(scope="module")
def address():
    application = client_for(builders.classifier(), gate=Gate(lambda: KEYS)).application
    server = make_server("127.0.0.1", 0, application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    opened = Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


def give(browser, key):
    browser.run(f"document.getElementById('key').value = '{key}'")
    browser.run("document.querySelector('#key-form button').click()")


def predict(browser):
    browser.until("[...document.querySelectorAll('input[data-name]')].some((input) => input.value !== '')")
    browser.run("document.querySelector('#form button').click()")
    browser.until("document.getElementById('took').textContent !== ''")
    return browser.run("document.getElementById('summary').textContent")


def test_with_a_key_the_page_is_read_and_the_form_predicts(browser, address):
    browser.open(f"{address}/docs")
    give(browser, BOTH.text)

    said = predict(browser)

    assert any(str(label) in said for label in builders.classifier().model.signature.outputs[0].labels)
    assert (
        browser.run("JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])")
        == '["",{},{}]'
    )
    assert BOTH.text not in browser.run("location.href + document.documentElement.outerHTML")


def test_what_the_page_links_to_opens_with_the_same_key(browser, address):
    browser.open(f"{address}/docs")
    give(browser, BOTH.text)
    browser.until("!!document.getElementById('form')")

    browser.run(
        "[...document.querySelectorAll('a[data-guarded]')].find((a) => a.href.endsWith('/limits')).click()"
    )

    browser.until("location.protocol === 'blob:' && document.body.textContent.includes('body_bytes')")


def test_a_key_that_may_not_is_told_so_and_another_can_be_given(browser, address):
    browser.open(f"{address}/docs")
    give(browser, f"{BOTH.text[:-1]}x")
    browser.until("document.getElementById('told').textContent === 'This key is not valid here.'")
    give(browser, CALLER.text)
    browser.until("document.getElementById('told').textContent.includes('needs the scope read')")
    give(browser, READER.text)

    assert "403" in predict(browser)


def test_loaded_anew_the_page_asks_anew(browser, address):
    browser.open(f"{address}/docs")
    give(browser, BOTH.text)
    browser.until("!!document.getElementById('form')")

    browser.open(f"{address}/docs?again")

    browser.until("!!document.getElementById('key-form')")
