"""A pickle behind FastAPI as most teams write it: `MODEL=model.pkl uvicorn fastapi_by_hand:app`."""

import os
import pickle
from pathlib import Path
from typing import Any

import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
model = pickle.loads(Path(os.environ["MODEL"]).read_bytes())  # noqa: S301, TID251 - the benchmark's own pickle


class Request(BaseModel):
    instances: list[dict[str, Any]]


@app.post("/predict")
def predict(request: Request) -> dict[str, Any]:
    frame = pd.DataFrame(request.instances)
    return {"probabilities": model.predict_proba(frame).tolist()}


@app.get("/readyz")
def ready() -> dict[str, str]:
    return {"status": "ready"}
