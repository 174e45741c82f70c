// The tablet's conveniences; every page works without them.
(() => {
  // The network in words.
  const net = document.querySelector(".net");
  const sprite = net?.querySelector("use");
  const tell = () => {
    const on = navigator.onLine;
    net.dataset.state = on ? "on" : "off";
    net.querySelector("span").textContent = on ? net.dataset.online : net.dataset.offline;
    sprite.setAttribute(
      "href",
      sprite.getAttribute("href").replace(/#.*$/, on ? "#icon-network-on" : "#icon-network-off"),
    );
  };
  if (net && sprite) {
    window.addEventListener("online", tell);
    window.addEventListener("offline", tell);
    if (!navigator.onLine) tell();
  }

  // A picture taken is a picture sent.
  for (const input of document.querySelectorAll("[data-send-at-once]")) {
    input.addEventListener("change", () => {
      if (input.files.length) input.form.requestSubmit();
    });
  }

  // A page that comes back from memory is asked for again: it may be somebody else's now.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });

  // A page left lying leaves by itself, also when the device slept meanwhile.
  const leaves = document.querySelector('meta[name="leaves"]');
  if (leaves) {
    const until = Date.now() + Number(leaves.content) * 1000;
    const look = () => {
      if (Date.now() >= until) window.location.assign(leaves.dataset.home);
    };
    setInterval(look, 5000);
    document.addEventListener("visibilitychange", look);
  }

  // The field to type in first.
  document.querySelector('[data-start="yes"]')?.focus({ preventScroll: true });
})();
