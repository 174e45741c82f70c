// Demo mode only: lets the sandbox's stage, and nobody else, play this page by messages.
// The stage's origin stands on this script's own tag: <script src="…/demo.js" data-origin="…">.
(() => {
  const origin = document.currentScript?.dataset.origin;
  if (!origin || window.parent === window) return;

  const say = (message) => window.parent.postMessage({ jianka: "demo", ...message }, origin);

  const shown = (selector) => {
    const found = [...document.querySelectorAll(selector)];
    return found.find((one) => one.getClientRects().length) ?? found[0];
  };

  const acts = {
    fill(element, value) {
      if (element.type === "checkbox" || element.type === "radio") {
        if (element.checked !== Boolean(value)) element.click();
        return element.checked;
      }
      element.focus();
      const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(element), "value");
      own.set.call(element, value);
      element.dispatchEvent(new InputEvent("input", { bubbles: true, data: value }));
      element.dispatchEvent(new Event("change", { bubbles: true }));
      return element.value;
    },
    click(element) {
      element.scrollIntoView({ block: "center" });
      element.click();
      return true;
    },
    read: (element) => element.href ?? element.value ?? element.textContent.trim(),
  };

  window.addEventListener("message", (event) => {
    const asked = event.data;
    if (event.origin !== origin || asked?.jianka !== "demo" || !asked.do) return;
    try {
      if (asked.do === "goto") {
        const target = new URL(asked.value, window.location.href);
        const page = ["http:", "https:"].includes(target.protocol);
        say({ id: asked.id, ok: page });
        if (page) window.location.assign(target);
        return;
      }
      const element = shown(asked.selector);
      const usable = element && Object.hasOwn(acts, asked.do) && !element.disabled;
      say({
        id: asked.id,
        ok: Boolean(usable),
        value: usable ? acts[asked.do](element, asked.value) : null,
      });
    } catch (error) {
      say({ id: asked.id, ok: false, value: String(error) });
    }
  });

  say({ here: window.location.href });
})();
