"use strict";
// Asks for this very page again, with the key. The key lives in one variable of this page, where try.js finds it:
// in no address, cookie or storage.

{
  const form = document.getElementById("key-form");
  const told = document.getElementById("told");

  async function open(key) {
    const response = await fetch(location.href, { headers: { Accept: "text/html", "X-Api-Key": key } });
    if (!response.ok) {
      told.textContent = response.status === 403
        ? "This key may not read the documentation: it needs the scope read."
        : response.status === 401 ? "This key is not valid here." : `The service answered ${response.status}.`;
      return;
    }
    window.apiKey = key;
    document.open();
    document.write(await response.text());
    document.close();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    told.textContent = "";
    try {
      await open(document.getElementById("key").value.trim());
    } catch {
      told.textContent = "The service did not answer, or the text can't be a key.";
    }
  });
}
