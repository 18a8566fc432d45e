"""The service with a swap that tells the new version at once and loads it afterwards: the broken twin of a swap."""

import time
from dataclasses import replace

from webapp.answer_text import AnswerText
from webapp.current_traffic import CurrentTraffic
from webapp.wsgi import app

__all__ = ["app"]

_switch = CurrentTraffic.switch


def _rename_then_load(current, serving):
    held = current()
    if held is not None:
        ref = serving.traffic.champion
        model = replace(held.champion.model, version=ref.version, digest=ref.digest)
        text = AnswerText.of(model.signature, model.name, model.version)
        named = replace(held.champion, model=model, text=text)
        current._current = replace(held, policy=serving.traffic, by_digest={ref.digest: named})
        time.sleep(0.2)
        current._current = held
    return _switch(current, serving)


CurrentTraffic.switch = _rename_then_load
