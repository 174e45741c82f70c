// The desk's conveniences; every page works without them.
(() => {
  // A filter chosen is a filter applied.
  for (const choice of document.querySelectorAll("[data-filter]")) {
    choice.addEventListener("change", () => choice.form.requestSubmit());
  }

  // The plain words follow what is typed.
  const form = document.querySelector("form[data-preview]");
  const here = form?.querySelector("[data-preview-here]");
  if (form && here) {
    let timer = 0;
    let asked = 0;
    const look = async () => {
      const turn = ++asked;
      const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form) });
      if (answer.ok && !answer.redirected && turn === asked) here.innerHTML = await answer.text();
    };
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => look().catch(() => {}), 300);
    });

    // A step of the form without leaving the page: its fields come back as they are now.
    const parts = form.querySelector("[data-form-here]");
    const step = async (pressed) => {
      const sent = new FormData(form);
      sent.set("step", pressed.name === "step" ? pressed.value : "preview");
      const answer = await fetch(form.action, { method: "POST", body: sent });
      if (answer.redirected) return window.location.assign(answer.url);
      const came = Object.assign(document.createElement("template"), { innerHTML: await answer.text() }).content;
      const now = came.querySelector("[data-form-here]");
      if (!now) return window.location.reload();
      parts.replaceChildren(...now.childNodes);
      here.replaceChildren(...came.querySelector("[data-preview-here]").childNodes);
      const goes = parts.querySelector("[autofocus]") ?? document.getElementById(pressed.id);
      goes?.focus();
    };
    form.addEventListener("submit", (event) => {
      const pressed = event.submitter;
      if (!pressed?.value.includes(" ")) return;
      event.preventDefault();
      step(pressed).catch(() => {
        form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "step", value: pressed.value }));
        form.submit();
      });
    });
    form.addEventListener("change", (event) => {
      if (event.target.matches("[data-reshapes]")) step(event.target).catch(() => {});
    });
  }

  // A page that waits for the worker looks how far it is, and shows the answer when it is there.
  const waits = document.querySelector("[data-watch]");
  if (waits) {
    const look = async () => {
      const answer = await fetch(waits.dataset.watch);
      if (answer.status === 204 || answer.redirected) window.location.reload();
      else if (answer.ok) waits.innerHTML = await answer.text();
    };
    setInterval(() => look().catch(() => {}), 2000);
  }

  // A page that comes back from memory is asked for again: it may be somebody else's now.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });

  // A page left lying leaves by itself, also when the machine slept meanwhile.
  const leaves = document.querySelector('meta[name="leaves"]');
  if (leaves) {
    const began = () => Date.now() + Number(leaves.content) * 1000;
    let until = began();
    form?.addEventListener("input", () => { until = began(); });
    const look = () => {
      if (Date.now() >= until) window.location.assign(leaves.dataset.home);
    };
    setInterval(look, 5000);
    document.addEventListener("visibilitychange", look);
  }
})();
