// The story as data. Each step: where it happens, what is done there, what shows that it is done.
// Words of a step: sandbox.story.<id>. Acts are read by player.js; `until`
// is what the devices tell when a person does the step by hand, and a piece of what was said there.
const at = (name) => `[data-test=${name}]`;

export const STORY = [
  { id: "start", on: "alice", acts: [["say", "/start"]], until: ["alice.said", "/start"] },
  { id: "agree", on: "alice", acts: [["tap", "agree"]], until: ["alice.tapped", ":agree"] },
  { id: "contact", on: "alice", acts: [["contact"]], until: ["alice.contact"] },
  { id: "invite", on: "alice", acts: [["settled"], ["say", "/invite"]], until: ["alice.said", "/invite"] },
  { id: "scan", on: "alice", acts: [["scan"]], until: ["bob.opened"] },
  {
    id: "number", on: "bob",
    acts: [["fill", "bob", at("phone"), "{phone}"], ["click", "bob", at("send-code")]],
    until: ["bob.sms"],
  },
  { id: "code", on: "bob", acts: [["see", "bob", at("code")], ["press", at("bob-sms-code")]], until: ["bob.coded"] },
  {
    id: "register", on: "bob",
    acts: [
      ["fill", "bob", at("name"), "{name}"],
      ["fill", "bob", at("consent-terms"), true],
      ["fill", "bob", at("consent-adult"), true],
      ["fill", "bob", at("consent-progress"), true],
      ["click", "bob", at("register")],
      ["see", "bob", at("success")],
    ],
    until: ["bob.page", "/done"],
  },
  {
    id: "apply", on: "bob",
    acts: [
      ["follow", "bob", at("bank-link")],
      ["click", "bob", at("apply-submit")],
      ["see", "bob", at("apply-thanks")],
    ],
    until: ["bob.page", "application="],
  },
  { id: "approve", on: "bank", acts: [["bank", "approve"]], until: ["bank.approve"] },
  { id: "activate", on: "bank", acts: [["bank", "activate"]], until: ["bank.activate"] },
  { id: "purchase", on: "bank", acts: [["bank", "purchase"]], until: ["bank.purchase"] },
  { id: "push", on: "alice", acts: [["heard"]], until: ["alice.heard"] },
  { id: "progress", on: "alice", acts: [["say", "/progress"], ["heard"]], until: ["alice.said", "/progress"] },
  { id: "wait", on: "bank", acts: [["days", 1], ["heard", 5]], until: ["clock.moved"] },
  { id: "missed", on: "bank", acts: [["missed"]], until: ["bank.purchase"] },
  { id: "claim", on: "alice", acts: [["settled"], ["say", "/claim"], ["tap", "code", 4], ["sms"]], until: ["alice.said", "/claim"] },
  { id: "who", on: "alice", acts: [["settled"], ["say", "{missed}"]], until: ["alice.said"] },
  { id: "when", on: "alice", acts: [["tap", "when"]], until: ["alice.tapped", ":when"] },
  { id: "how", on: "alice", acts: [["tap", "how"]], until: ["alice.tapped", ":how"] },
  { id: "picture", on: "alice", acts: [["settled"], ["photo"]], until: ["alice.photo"] },
  { id: "file", on: "alice", acts: [["tap", "file"], ["settled"]], until: ["alice.tapped", ":file"] },
  {
    id: "tablet", on: "tablet",
    acts: [
      ["notes"],
      ["either", "tablet", at("enrol-code"), at("staff-no"), at("nav-claims")],
      ["if", "tablet", at("enrol-code"), [["fill", "tablet", at("enrol-code"), "{enrol}"], ["click", "tablet", at("enrol")]]],
      ["either", "tablet", at("staff-no"), at("nav-claims")],
      ["if", "tablet", at("staff-no"), [["fill", "tablet", at("staff-no"), "{staff}"], ["fill", "tablet", at("pin"), "{pin}"], ["click", "tablet", at("sign-in")]]],
      ["see", "tablet", at("nav-claims")],
    ],
    until: ["tablet.page", "claims"],
  },
  {
    id: "decide", on: "tablet",
    acts: [
      ["click", "tablet", at("nav-claims")],
      ["click", "tablet", at("claim-row")],
      ["see", "tablet", at("claim-credit")],
      ["if", "tablet", at("show-picture"), [["click", "tablet", at("show-picture")], ["see", "tablet", at("claim-picture")]]],
      ["click", "tablet", at("claim-credit")],
      ["click", "tablet", at("claim-confirm")],
      ["heard"],
    ],
    until: ["alice.heard"],
  },
];

// Milliseconds between acts.
export const PACE = { slow: 2200, normal: 1000, fast: 200 };
