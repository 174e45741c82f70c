// The device API.
const setting = JSON.parse(document.getElementById("setting").textContent);
export const web = setting.web;
export const bot = setting.bot;
export const counter = { ...setting.counter };
export const people = { alice: setting.alice, bob: setting.bob };

async function asked(path, options) {
  const answer = await fetch(`/sandbox/api${path}`, options);
  const body = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(body.error), { status: answer.status });
  return body;
}

export const get = (path, signal) => asked(path, { signal });
const send = (method) => (path, body = {}) =>
  asked(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
export const post = send("POST");
export const patch = send("PATCH");

export const alice = (act, body) => post(`/users/${people.alice.id}/${act}`, body);

// A file, sent as a photo or as it is.
export function aliceSends(kind, file) {
  const form = new FormData();
  form.append(kind, file, file.name);
  return asked(`/users/${people.alice.id}/${kind}`, { method: "POST", body: form });
}

// What staff know by heart; a spent enrolment code is followed by a fresh one.
export async function readCounter() {
  Object.assign(counter, (await get("/stage")).counter);
}

export async function recast() {
  const fresh = await post("/stage/restart");
  people.alice = fresh.alice;
  people.bob = fresh.bob;
  watching.abort();
  watching = new AbortController();
}

const TELEGRAM = { "zh-Hans": "zh-hans", "zh-Hant": "zh-hant", en: "en" };

export async function speakAs(tag) {
  await Promise.all(["alice", "bob"].map(async (name) => {
    people[name] = await patch(`/users/${people[name].id}`, { language_code: TELEGRAM[tag] });
  }));
}

// Ends the long polls for people who were replaced.
let watching = new AbortController();

// Watches one phone for ever; a person who was replaced is let go.
export async function watch(name, show) {
  let id = null;
  let since = 0;
  for (;;) {
    if (id !== people[name].id) {
      id = people[name].id;
      since = 0;
      show(null);
    }
    try {
      const phone = await get(`/users/${id}/changes?since=${since}&wait=${since ? 20 : 0}`, watching.signal);
      if (id !== people[name].id) continue;
      show(phone, since === 0);
      since = phone.seq;
    } catch {
      if (id !== people[name].id) continue;
      await new Promise((done) => { setTimeout(done, 1500); });
    }
  }
}
