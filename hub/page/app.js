// The page: who is logged in, which view, and what keeps it up to date.

import { get, remember } from "/api.js";
import { questionView } from "/answer.js";
import { say } from "/element.js";
import { enrolView, historyView, hostsView, inboxView, loginView, selfView, takeWanted, title, trouble } from "/views.js";
import { show } from "/element.js";
import { countdown } from "/text.js";

let session;
let events;
/** The hub's clock, against this one, in milliseconds. */
let offset = 0;
/** Brings what is shown up to date. */
let refresh = async () => {};
/** Which view was asked for last: a slow one does not take its place. */
let turn = 0;

const nav = document.getElementById("nav");
const connection = document.getElementById("connection");

async function list() {
  const found = await get("/v1/questions");
  offset = found.now_ms - Date.now();
  const all = found.questions.length + found.more;
  const count = document.getElementById("count");
  count.hidden = all === 0;
  count.textContent = String(all);
  count.setAttribute("aria-label", `, ${all} open`);
  document.title = all === 0 ? "Writ" : `(${all}) Writ`;
  return found;
}

const views = {
  "": async () => {
    const draw = async () => inboxView(await list(), offset);
    await draw();
    return draw;
  },
  q: async (digest) => {
    await list();
    const draw = await questionView(digest, session, offset);
    return async () => { await list(); await draw(); };
  },
  history: async () => { await historyView(offset); return async () => { await list(); }; },
  hosts: async () => { await hostsView(); return async () => { await list(); await hostsView(); }; },
  me: async () => { selfView(session, ended, begun); return async () => { await list(); }; },
};

async function route() {
  const mine = ++turn;
  refresh = async () => {};
  const [, name = "", detail = ""] = location.hash.split("/");
  if (name === "enrol") {
    nav.hidden = true;
    return enrolView(detail, begun);
  }
  if (!session) {
    const view = await loginView(begun, name === "login");
    if (mine === turn) show(view);
    return;
  }
  nav.hidden = false;
  for (const link of nav.querySelectorAll("a")) {
    const here = link.getAttribute("href") === `#/${name}` || (name === "q" && link.getAttribute("href") === "#/");
    if (here) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  try {
    const drawn = await (views[name] ?? views[""])(detail);
    if (mine === turn) refresh = drawn;
    document.querySelector("main h1")?.focus({ preventScroll: true });
    if (name !== "q") window.scrollTo(0, 0);
  } catch (error) {
    if (mine === turn) failed(error);
  }
}

function failed(error) {
  if (error?.status === 401) return ended();
  show(title("That did not go"), trouble(error.message));
}

function begun(made) {
  session = made;
  remember(made);
  document.getElementById("me").textContent = made.person;
  if (/^#\/(enrol|login)/.test(location.hash)) history.replaceState(null, "", "#/");
  listen();
  return route();
}

function ended() {
  session = undefined;
  remember(undefined);
  events?.close();
  nav.hidden = true;
  connection.hidden = true;
  document.title = "Writ";
  return route();
}

/** Several changes at once are one look, and there is one a second at most. */
let looking;
let looked = 0;
function lookSoon() {
  looking ??= setTimeout(async () => {
    looking = undefined;
    looked = Date.now();
    try {
      await refresh();
    } catch (error) {
      if (error?.status === 401) ended();
    }
  }, Math.max(50, looked + 1000 - Date.now()));
}

function listen() {
  events?.close();
  events = new EventSource("/v1/events");
  for (const name of ["question", "over", "hosts", "resync"]) {
    events.addEventListener(name, (event) => {
      if (name === "question" && !location.hash.startsWith("#/q/")) say("A question has changed");
      lookSoon();
      event.stopPropagation();
    });
  }
  events.addEventListener("open", () => { connection.hidden = true; });
  events.addEventListener("error", async () => {
    connection.hidden = false;
    connection.textContent = "The hub is out of reach; this page may be out of date. It tries again by itself.";
    // A browser gives up on an answer that is not what it wanted, as when nobody is logged in.
    if (events.readyState !== EventSource.CLOSED) return;
    try {
      await get("/v1/session");
    } catch (error) {
      if (error.status === 401) return ended();
    }
    if (session) setTimeout(() => { if (session) listen(); }, 3000);
  });
}

setInterval(() => {
  for (const it of document.querySelectorAll("[data-closes]")) {
    const left = Number(it.dataset.closes) - Date.now() - offset;
    it.textContent = countdown(left);
    it.classList.toggle("soon", left < 30000);
  }
}, 1000);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !session) return;
  if (event.target.closest("input, textarea, select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const rows = [...document.querySelectorAll("main a.row")];
  const at = rows.indexOf(document.activeElement);
  const acts = {
    j: () => rows[Math.min(at + 1, rows.length - 1)]?.focus(),
    k: () => rows[Math.max(at - 1, 0)]?.focus(),
    u: () => { location.hash = "#/"; },
    a: () => document.getElementById("approve")?.focus(),
    d: () => document.getElementById("deny")?.focus(),
    c: () => document.getElementById("comment")?.focus(),
  };
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

window.addEventListener("hashchange", route);
document.addEventListener("visibilitychange", () => { if (!document.hidden && session) lookSoon(); });

if ("serviceWorker" in navigator) {
  const worker = window.trustedTypes
    ? window.trustedTypes.createPolicy("worker", { createScriptURL: (path) => (path === "/worker.js" ? path : "") }).createScriptURL("/worker.js")
    : "/worker.js";
  navigator.serviceWorker.register(worker).catch(() => {});
}

try {
  const found = await get("/v1/session");
  // Back from the provider: to what was looked for before, or to making a first passkey.
  const wanted = takeWanted();
  if (location.hash === "") history.replaceState(null, "", found.lines.length === 0 ? "#/me" : wanted || "#/");
  await begun(found);
} catch (error) {
  if (error?.status === 401) await route();
  else failed(error);
}
