// Adds to the invite page what a phone can do better; every step works without it.

const digitsOf = (text) => text.normalize("NFKC").replace(/\D/g, "");

/* A mainland number reads 138 0013 8000; anything else stays as typed. */
function grouped(text) {
  const plain = text.normalize("NFKC").trim();
  const home = plain.replace(/^(\+?86|0086)[\s-]*(?=1)/, "");
  if (!/^1[\d\s-]*$/.test(home)) return null;
  const digits = digitsOf(home);
  return [digits.slice(0, 3), digits.slice(3, 7), digits.slice(7)].filter(Boolean).join(" ");
}

function formatPhone(input) {
  const help = document.getElementById("phone-help");
  const usual = help?.textContent;
  const speak = (count) => {
    if (!help) return;
    const wanted = 11 - count;
    if (count < 3) help.textContent = usual;
    else if (wanted > 0) help.textContent = input.dataset.more.replace("{n}", wanted);
    else if (wanted < 0) help.textContent = input.dataset.over.replace("{n}", -wanted);
    else help.textContent = input.dataset.full;
  };
  const format = () => {
    const text = grouped(input.value);
    if (text === null) {
      if (help) help.textContent = usual;
      return null;
    }
    const before = digitsOf(input.value.slice(0, input.selectionStart)).length;
    const dropped = digitsOf(input.value).length - digitsOf(text).length;
    if (text !== input.value) {
      input.value = text;
      let place = 0;
      for (let seen = 0; seen < before - dropped && place < text.length; place += 1) {
        if (text[place] !== " ") seen += 1;
      }
      if (document.activeElement === input) input.setSelectionRange(place, place);
    }
    return text;
  };
  input.addEventListener("input", () => {
    const text = format();
    if (text) speak(digitsOf(text).length);
  });
  if (input.value) format();
}

/* Spaces and words around a pasted code fall away. */
function readCode(input) {
  const keep = () => {
    const digits = digitsOf(input.value).slice(0, 6);
    if (digits !== input.value) input.value = digits;
  };
  input.addEventListener("input", keep);
  if ("OTPCredential" in window) {
    const stop = new AbortController();
    input.form.addEventListener("submit", () => stop.abort());
    navigator.credentials
      .get({ otp: { transport: ["sms"] }, signal: stop.signal })
      .then((found) => { if (found) input.value = found.code; })
      .catch(() => {});
  }
}

/* The resend button counts down and wakes by itself. */
function countDown(button) {
  let left = Number(button.dataset.wait);
  const show = () => {
    button.disabled = left > 0;
    button.textContent = left > 0
      ? button.dataset.waiting.replace("{seconds}", left)
      : button.dataset.ready;
  };
  if (!left) return;
  show();
  const timer = setInterval(() => {
    left -= 1;
    show();
    if (left <= 0) clearInterval(timer);
  }, 1000);
}

/* One tap, one request; coming back by the back button makes the form whole again. */
function sendOnce(form) {
  const button = form.querySelector("button[type=submit]");
  const words = button.textContent;
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    button.setAttribute("aria-disabled", "true");
    button.textContent = form.dataset.once;
  });
  window.addEventListener("pageshow", () => {
    if (!form.dataset.sent) return;
    delete form.dataset.sent;
    button.removeAttribute("aria-disabled");
    button.textContent = words;
  });
}

/* A page that answers a form stands at an address that can be reloaded and gone back to. */
function standAt(form) {
  const here = form.dataset.here;
  if (window.location.pathname !== here) window.history.replaceState(null, "", here + window.location.hash);
}

const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
each('input[name="phone"]', formatPhone);
each('input[autocomplete="one-time-code"]', readCode);
each("button[data-wait]", countDown);
each("form[data-once]", sendOnce);
each("form[data-here]", standAt);
(document.querySelector("[data-errors]") ?? document.querySelector('[aria-invalid="true"]'))?.focus();
