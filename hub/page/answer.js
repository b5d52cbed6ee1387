// Answering a question: the decision is made here, of the text that is shown, and signed with
// a passkey. What is signed can be read before and after.

import { get, post } from "/api.js";
import { element, say, show } from "/element.js";
import * as passkey from "/passkey.js";
import { layOut, read } from "/question.js";
import { countdown, instant, nodes, shown, span } from "/text.js";
import { outcome, title, trouble } from "/views.js";

/** How long a signed answer is good for, in milliseconds. */
const ANSWER_LASTS_MS = 15 * 60 * 1000;

/** What a grant can be shortened to, in milliseconds. */
const SHORTER_MS = [1, 5, 15, 30, 60, 120, 240, 480].map((minutes) => minutes * 60 * 1000);

/** Bytes of a comment. */
const COMMENT_BYTES_MAX = 2048;

/** Shows a question; comes back with what looks at it anew. */
export async function questionView(digest, session, offset) {
  let reply = await get(`/v1/questions/${digest}`);
  const question = await read(reply);
  if (reply.digest !== digest) throw new Error("The hub gave another question than that. Tell its admin.");
  const standing = element("section", { class: "standing", "aria-label": "How it stands" });
  const form = element("section", { class: "answer card", "aria-label": "Your answer" });
  show(
    element("p", { class: "back" }, element("a", { href: "#/" }, "← Inbox")),
    title(`${question.id} `, element("span", { class: "quiet" }, "on ", ...nodes(question.host))),
    standing,
    ...layOut(question, reply),
    form,
  );
  let busy = false;
  let answerable;
  const refresh = async (anew) => {
    if (anew) reply = await get(`/v1/questions/${digest}`);
    stands(standing, reply, offset);
    const mine = reply.answers.some((it) => it.approver === session.person && it.accepted !== false);
    const open = reply.over_ms === undefined && !mine;
    if (open === answerable || busy) return;
    answerable = open;
    form.hidden = !open;
    if (open) answerForm(form, question, reply, session, async (act) => {
      busy = true;
      try { await act(); } finally { busy = false; }
      await refresh(true);
    });
  };
  await refresh(false);
  return () => refresh(true);
}

function stands(place, reply, offset) {
  const over = reply.over_ms !== undefined;
  const state = over
    ? element("p", { class: `state over ${reply.outcome === "approved" ? "yes" : "no"}` }, `${outcome(reply)}, ${instant(reply.over_ms)}`)
    : element("p", { class: "state open" }, element("strong", { class: "left", "data-closes": reply.closes_ms, role: "timer", "aria-live": "off" }, countdown(reply.closes_ms - Date.now() - offset)), " left, then silence is a no");
  const answers = reply.answers.map((it) => {
    const how = it.accepted === true ? "counts at the host" : it.accepted === false ? `the host refused it: ${shown(it.why ?? "it does not say why")}` : "on its way to the host";
    return element("li", { class: it.accepted === false ? "refused" : "" }, element("strong", {}, ...nodes(it.approver)), ` ${it.verdict === "approve" ? "approves" : "denies"} · ${how}`);
  });
  const told = reply.notices.map((it) => element("li", {}, `${it.channel}: ${it.event === "over" ? "told that it is over" : "told"}, ${it.state}`, ...(it.why ? [element("span", { class: "quiet" }, ` (${shown(it.why)})`)] : [])));
  const text = place.textContent;
  place.replaceChildren(
    state,
    ...(answers.length ? [element("ul", { class: "answers" }, ...answers)] : []),
    ...(told.length ? [element("details", {}, element("summary", {}, `${told.length === 1 ? "One notice" : `${told.length} notices`} sent`), element("ul", {}, ...told))] : []),
  );
  if (text && over && !text.includes(reply.outcome)) say(`The question is over: ${outcome(reply)}`);
}

/** The exact text of a decision on that question. Milliseconds are texts. */
function decide(question, reply, session, verdict, { comment, lasts, uses }) {
  const now = Date.now();
  return JSON.stringify({
    version: 1,
    host: question.host,
    host_key: reply.host_key,
    id: question.id,
    question: reply.digest,
    verdict,
    comment: comment || undefined,
    lasts_ms: verdict === "approve" && lasts ? lasts : undefined,
    uses: verdict === "approve" && uses ? uses : undefined,
    approver: session.person,
    made_wall_ms: String(now),
    expires_wall_ms: String(now + ANSWER_LASTS_MS),
  });
}

function choice(id, label, options) {
  const select = element("select", { id }, ...options.map(([value, text]) => element("option", { value }, text)));
  return [select, element("label", { for: id }, label, select)];
}

function answerForm(form, question, reply, session, during) {
  const comment = element("textarea", { id: "comment", rows: "2", maxlength: COMMENT_BYTES_MAX, placeholder: "Why; the requester reads it", autocomplete: "off" });
  const [lasts, lastsLabel] = choice("lasts", "For", [
    ["", `${span(question.lasts_ms)}, as asked`],
    ...SHORTER_MS.filter((ms) => ms < Number(question.lasts_ms)).reverse().map((ms) => [String(ms), span(ms)])]);
  const [uses, usesLabel] = choice("uses", "Runs", [
    ["", `${question.uses}, as asked`],
    ...[1, 2, 3, 5, 10, 20, 50, 100].filter((count) => count < question.uses).reverse().map((count) => [String(count), String(count)])]);
  const bounds = () => ({ comment: comment.value.trim(), lasts: lasts.value, uses: Number(uses.value) || undefined });
  const text = element("pre", { class: "raw", tabindex: "0" });
  const preview = (verdict) => { text.replaceChildren(...nodes(decide(question, reply, session, verdict, bounds()))); };
  const signed = element("details", { ontoggle: () => preview("approve") }, element("summary", {}, "What you sign"),
    element("p", { class: "quiet" }, "This text, with the time at which you press. Your passkey signs its SHA-256; the host verifies it."), text);
  for (const it of [comment, lasts, uses]) it.addEventListener("input", () => preview("approve"));
  const place = element("div");
  const buttons = [];
  const answer = async (verdict) => during(async () => {
    place.replaceChildren();
    if (new TextEncoder().encode(comment.value).length > COMMENT_BYTES_MAX) {
      place.append(trouble(`The comment is longer than ${COMMENT_BYTES_MAX} bytes.`));
      return;
    }
    buttons.forEach((it) => { it.disabled = true; });
    try {
      const decision = decide(question, reply, session, verdict, bounds());
      text.replaceChildren(...nodes(decision));
      const { assertion } = await passkey.sign(decision, session.passkeys);
      await post(`/v1/questions/${reply.digest}/answers`, { decision, signature: { passkey: assertion } });
      say(verdict === "approve" ? "Approved" : "Denied");
      document.querySelector("main h1")?.focus();
    } catch (error) {
      place.append(trouble(passkey.inWords(error)));
    } finally {
      buttons.forEach((it) => { it.disabled = false; });
    }
  });
  const press = (id, label, verdict, kind) => {
    const made = element("button", { type: "button", id, class: kind, onclick: () => answer(verdict) }, label);
    buttons.push(made);
    return made;
  };
  form.replaceChildren(
    element("h2", {}, "Your answer"),
    ...(session.passkeys.length === 0 ? [trouble("You have no passkey here. Answer with writ --hub, make your first one under You, or ask the hub's admin for a link.")] : []),
    ...(question.reauth ? [element("p", { class: "quiet" }, "The policy wants who approves to prove who he is; your passkey does.")] : []),
    element("label", { for: "comment" }, "Comment", comment),
    element("div", { class: "bounds" }, lastsLabel, ...(question.uses > 1 ? [usesLabel] : [])),
    signed,
    place,
    element("div", { class: "buttons" },
      press("deny", "Deny", "deny", "deny"),
      press("approve", "Approve with passkey", "approve", "approve")),
  );
}
