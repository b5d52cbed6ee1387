// Views beside that of a question: logging in, the inbox, the past, hosts, oneself.

import { call, get, post } from "/api.js";
import { element, say, show } from "/element.js";
import * as passkey from "/passkey.js";
import { countdown, instant, nodes, span } from "/text.js";

/** A title, which the reader is taken to. */
export function title(text, ...more) {
  return element("h1", { tabindex: "-1" }, text, ...more);
}

/** What went wrong, said at once. */
export function trouble(text) {
  return element("p", { class: "trouble", role: "alert" }, text);
}

function button(label, act, kind = "") {
  const made = element("button", { type: "button", class: kind }, label);
  made.addEventListener("click", async () => {
    made.disabled = true;
    made.closest("section, main")?.querySelectorAll(".trouble").forEach((it) => it.remove());
    try {
      await act();
    } catch (error) {
      made.after(trouble(passkey.inWords(error)));
    } finally {
      made.disabled = false;
    }
  });
  return made;
}

/** Where the page was to show something before the browser went to log in elsewhere. */
const WANTED = "wanted";

/** Takes the place that was wanted before, once. */
export function takeWanted() {
  const wanted = sessionStorage.getItem(WANTED) ?? "";
  sessionStorage.removeItem(WANTED);
  return wanted;
}

async function goToProvider() {
  const { location: there } = await post("/v1/login/oidc", {});
  // The hub's word, held to what a login provider can be.
  if (!/^https:\/\/|^http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]/.test(there)) throw new Error("The hub names a provider without TLS. Tell its admin.");
  if (/^#\/q\/[0-9a-f]{64}$/.test(location.hash)) sessionStorage.setItem(WANTED, location.hash);
  location.assign(there);
}

/** Logging in; `failed` says that a login at the provider has just not gone. */
export async function loginView(done, failed) {
  // Whatever cannot be asked, a passkey may still do.
  const not = (error) => ({ why: error.message });
  const [ways, failure] = await Promise.all([get("/v1/login").catch(not), failed ? get("/v1/login/oidc/failure").catch(not) : undefined]);
  const why = failure?.why ?? ways.why;
  return element("section", { class: "card narrow login" },
    title("Log in"),
    ...(why ? [trouble(upper(why))] : []),
    button("Log in with a passkey", async () => done(await passkey.login()), "primary wide"),
    ...(ways.oidc ? [button(`Sign in with ${ways.oidc}`, goToProvider, "wide")] : []),
    element("p", { class: "quiet" }, "You see what hosts ask; each answer is signed with your passkey again."),
    element("p", { class: "quiet" }, ways.oidc
      ? "No passkey yet? Sign in, and make your first one; or the hub's admin makes you a link."
      : "No passkey yet? The hub's admin makes you a link."),
  );
}

function upper(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export async function enrolView(invitation, done) {
  let begun;
  try {
    begun = await post("/v1/passkeys/challenge", { invitation });
  } catch (error) {
    show(element("section", { class: "card narrow" }, title("Enrol a passkey"), trouble(error.message)));
    return;
  }
  const section = element("section", { class: "card narrow" },
    title("Enrol a passkey"),
    element("p", {}, "You are ", element("strong", {}, begun.person), " to the hosts of this hub. Your device makes a key that stays in it; hosts take your answers by that key."),
    button("Make a passkey", async () => {
      const { line } = await passkey.enrol(invitation, begun);
      history.replaceState(null, "", "#/");
      section.replaceChildren(
        title("Your passkey is enrolled"),
        element("p", {}, "It counts at a host once its admin has put this line into the file of approvers.d that names you:"),
        lineBox(`keys = ["${line}"]`),
        button("Log in with it", async () => done(await passkey.login()), "primary wide"),
      );
      section.querySelector("h1").focus();
    }, "primary wide"),
  );
  show(section);
}

function lineBox(text) {
  const copied = element("button", { type: "button" }, "Copy");
  copied.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    copied.textContent = "Copied";
    say("Copied");
  });
  return element("div", { class: "line" }, element("pre", { tabindex: "0" }, text), copied);
}

function row(line, offset) {
  const over = line.over_ms !== undefined;
  const left = element("span", over ? { class: "left" } : { class: "left", "data-closes": line.closes_ms, role: "timer", "aria-live": "off" },
    over ? outcome(line) : countdown(line.closes_ms - Date.now() - offset));
  return element("li", {}, element("a", { class: "card row", href: `#/q/${line.digest}` },
    element("span", { class: "top" },
      element("strong", {}, ...nodes(line.host)), element("code", { class: "id" }, line.id), left),
    element("code", { class: "summary" }, ...nodes(line.summary)),
    element("span", { class: "quiet" }, ...nodes(line.requester), over ? ` · ${instant(line.over_ms)}` : ` · ${instant(line.received_ms)}`),
  ));
}

/** How a question ended, in words. */
export function outcome(line) {
  return line.by ? `${line.outcome} by ${line.by}` : line.outcome;
}

export function inboxView(list, offset) {
  const here = list.questions.length;
  const rows = element("ul", { class: "rows", "aria-label": "Open questions" }, ...list.questions.map((line) => row(line, offset)));
  const empty = element("div", { class: "empty" },
    element("p", {}, "Nothing is asked."),
    element("p", { class: "quiet" }, "This page stays up to date by itself."));
  const more = list.more > 0 ? [element("p", { class: "quiet" }, `${list.more} older ones are not shown; answer these first.`)] : [];
  const before = document.activeElement?.getAttribute?.("href");
  show(title(here === 0 ? "Inbox" : `${here + list.more} open`), here === 0 ? empty : rows, ...more);
  // Who moves in the list by keyboard stays where he was.
  if (before?.startsWith("#/q/")) document.querySelector(`main a[href="${CSS.escape(before)}"]`)?.focus();
}

export async function historyView(offset) {
  const rows = element("ul", { class: "rows", "aria-label": "Questions that are over" });
  const section = element("div", {}, rows);
  let before;
  const load = async () => {
    const { questions } = await get(before === undefined ? "/v1/history" : `/v1/history?before=${before}`);
    rows.append(...questions.map((line) => row(line, offset)));
    before = questions.at(-1)?.over_ms;
    return questions.length;
  };
  show(title("History"), section);
  const first = await load();
  if (first === 0) section.replaceChildren(element("p", { class: "empty" }, "Nothing was asked yet."));
  else if (first >= 200) {
    const more = button("Older", async () => { if (await load() === 0) more.remove(); });
    section.append(more);
  }
}

export async function hostsView() {
  const { hosts, now_ms: now } = await get("/v1/hosts");
  const rows = hosts.map((host) => element("li", { class: "card host" },
    element("span", { class: "top" },
      element("strong", {}, ...nodes(host.name)),
      element("span", { class: host.connected ? "state on" : "state off" }, host.connected ? "connected" : `last heard of ${span(now - host.seen_ms)} ago`)),
    element("code", { class: "digest" }, host.key),
    element("span", { class: "quiet" }, `${host.open} open · enrolled ${instant(host.enrolled_ms)}`)));
  const none = element("p", { class: "empty" }, "No host has enrolled. Its admin makes a token with writ-hub token HOST.");
  show(title("Hosts"), hosts.length ? element("ul", { class: "rows" }, ...rows) : none);
}

/** Whoever has no key here has logged in at the provider, and makes his first. */
function firstKey(session, done) {
  const section = element("section", { class: "card" },
    element("h2", {}, "You have no passkey yet"),
    element("p", {}, "You see what hosts ask. To answer, make a passkey on this device and give its line to the admins of the hosts."),
    button("Make my first passkey", async () => {
      const { invitation } = await post("/v1/passkeys/first", {});
      await enrolView(invitation, done);
    }, "primary wide"));
  return [title(session.person), section];
}

export function selfView(session, ended, done) {
  const text = `keys = [\n${session.lines.map((line) => `    "${line}",`).join("\n")}\n]`;
  const keys = session.lines.length === 0 ? firstKey(session, done) : [
    title(session.person),
    element("section", { class: "card" },
      element("h2", {}, "Your keys"),
      element("p", {}, "Your answers count at hosts whose admin has these in ", element("code", {}, `[approver.${session.person}]`), " of approvers.d:"),
      lineBox(text)),
  ];
  show(
    ...keys,
    ...notifications(session),
    element("section", { class: "card" },
      element("h2", {}, "This session"),
      element("p", {}, `It ends ${instant(session.expires_wall_ms)}.`),
      button("Log out", async () => { await call("DELETE", "/v1/session"); ended(); })),
    element("section", { class: "card" },
      element("h2", {}, "Keys of this page"),
      element("p", {}, element("kbd", {}, "j"), " ", element("kbd", {}, "k"), " next and previous question, ", element("kbd", {}, "Enter"), " look at it, ",
        element("kbd", {}, "c"), " to the comment, ", element("kbd", {}, "a"), " to Approve, ", element("kbd", {}, "d"), " to Deny, ", element("kbd", {}, "u"), " back to the inbox.")));
}

function notifications(session) {
  if (!session.push_key || !("PushManager" in window)) return [];
  const state = element("p", { class: "quiet" });
  const section = element("section", { class: "card" }, element("h2", {}, "Notices on this device"), state);
  const refresh = async () => {
    const registration = await navigator.serviceWorker.ready;
    const subscription = await registration.pushManager.getSubscription();
    state.textContent = subscription ? "This device is woken when a question comes." : "This device is not woken when a question comes.";
    section.querySelector("button")?.remove();
    section.append(subscription
      ? button("Stop it", async () => {
        await call("DELETE", "/v1/subscriptions", { endpoint: subscription.endpoint });
        await subscription.unsubscribe();
        await refresh();
      })
      : button("Wake it", async () => {
        const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: passkey.decode(session.push_key) });
        await call("PUT", "/v1/subscriptions", { endpoint: made.endpoint });
        await refresh();
      }));
  };
  refresh().catch((error) => { state.textContent = passkey.inWords(error); });
  return [section];
}
