"use strict";
// Posts the form's row to the service that served this page, and shows the answer. Text only: nothing is
// ever inserted as HTML.

const form = document.getElementById("form");
const inputs = [...form.querySelectorAll("[data-name]")];

function element(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

function fill(input) {
  if (input.dataset.control === "choice") return;
  const value = JSON.parse(input.dataset.value);
  input.value = value === null ? "" : String(value);
}

// A number that can't be read is sent as text, so that the service's own message explains it.
function valueOf(input) {
  if (input.dataset.control === "choice") return JSON.parse(input.value);
  const text = input.value;
  if (text === "" && "nullable" in input.dataset) return null;
  if (input.dataset.control !== "number") return text;
  const number = Number(text);
  return text.trim() === "" || !Number.isFinite(number) ? text : number;
}

function row() {
  return Object.fromEntries(inputs.map((input) => [input.dataset.name, valueOf(input)]));
}

function shareLine(name, share) {
  const line = element("div", "", "share");
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = share ?? 0;
  line.append(element("span", name), bar, element("output", share === null ? "null" : share.toFixed(4)));
  return line;
}

function isFlat(shares) {
  return Object.values(shares).every((share) => typeof share !== "object" || share === null);
}

function showPrediction(summary, prediction) {
  const main = prediction.label ?? prediction.value;
  summary.append(element("div", typeof main === "object" ? JSON.stringify(main) : String(main), "predicted"));
  const shares = prediction.probabilities;
  if (shares && isFlat(shares)) {
    summary.append(...Object.entries(shares).map(([name, share]) => shareLine(name, share)));
  }
}

function showProblem(summary, problem) {
  summary.append(element("div", `${problem.status} ${problem.title}`, "predicted bad"), element("p", problem.detail));
  for (const fault of problem.errors ?? []) {
    const name = (fault.pointer ?? "").split("/")[3] ?? "";
    const plain = name.replaceAll("~1", "/").replaceAll("~0", "~");
    const place = [...form.querySelectorAll("[data-fault]")].find((each) => each.dataset.fault === plain);
    if (place) place.textContent = fault.detail;
    else summary.append(element("p", `${fault.pointer ?? ""} ${fault.detail}`));
  }
}

function show(status, answer) {
  const summary = document.getElementById("summary");
  summary.replaceChildren();
  form.querySelectorAll("[data-fault]").forEach((place) => { place.textContent = ""; });
  if (status === 200) showPrediction(summary, answer.predictions[0]);
  else showProblem(summary, answer);
  document.getElementById("answer-body").textContent = JSON.stringify(answer, null, 2);
  document.getElementById("result").hidden = false;
}

// Where keys are needed, key.js has asked for one.
function withKey(headers) {
  return window.apiKey ? { ...headers, "X-Api-Key": window.apiKey } : headers;
}

async function predict() {
  const started = performance.now();
  const response = await fetch(form.action, {
    method: "POST",
    headers: withKey({ "Content-Type": "application/json" }),
    body: JSON.stringify({ instances: [row()] }),
  });
  show(response.status, await response.json());
  document.getElementById("took").textContent = `Answered in ${Math.round(performance.now() - started)} ms`;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await predict();
  } catch {
    document.getElementById("took").textContent = "The service did not answer.";
  } finally {
    button.disabled = false;
  }
});

const copy = document.getElementById("copy");
if (navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById("curl").textContent);
    copy.textContent = "Copied";
  });
}

// A link sends no header: what needs a key is fetched with it, and shown from memory.
if (window.apiKey) {
  document.querySelectorAll("a[data-guarded]").forEach((link) => link.addEventListener("click", async (event) => {
    event.preventDefault();
    const response = await fetch(link.href, { headers: withKey({}) });
    location.assign(URL.createObjectURL(await response.blob()));
  }));
}

inputs.forEach(fill);
