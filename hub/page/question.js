// A question, whole: read from the exact text that its host signed, whose digest is made here.

import { element } from "/element.js";
import { hex, sha256 } from "/passkey.js";
import { instant, nodes, quoted, shown, span } from "/text.js";

/** Programs with which root's shell is a word away; a hint, never a verdict. */
const SHELLS = /\/(?:ba|da|z|k|fi|c|tc)?sh$|\/(?:python|perl|ruby|lua|node|php)[\d.]*$|\/(?:vim?|nvim|less|more|man|find|awk|env|xargs|gdb|tar|rsync|docker|podman|ssh|nsenter|chroot|systemd-run|emacs|nano)$/;

/** The question of a reply, or why it is none that can be answered here. */
export async function read(reply) {
  const digest = await hex(sha256(reply.question));
  if (digest !== reply.digest) throw new Error("The hub's text has another digest than it says. Do not answer it; tell the hub's admin.");
  const question = JSON.parse(reply.question);
  if (question.version !== 1) throw new Error(`The question is of version ${question.version}, which this page cannot show whole. Answer it at the host.`);
  if (JSON.stringify(question) !== reply.question) throw new Error("The text of the question can be read in two ways. Do not answer it; tell the host's admin.");
  return question;
}

function field(name, ...value) {
  return element("div", { class: "field" }, element("dt", {}, name), element("dd", {}, ...value));
}

/** One whose value has the whole width. */
function tall(name, ...value) {
  const made = field(name, ...value);
  made.classList.add("tall");
  return made;
}

function code(text, kind = "") {
  return element("code", { class: kind }, ...nodes(text));
}

function command(words) {
  const line = element("pre", { class: "command", tabindex: "0", role: "region", "aria-label": "The exact command" });
  words.forEach((word, index) => {
    if (index > 0) line.append(" ");
    line.append(element("span", { class: "word" }, ...nodes(quoted(word))));
  });
  return line;
}

/** What this page shows, by object. What else there is, it says. */
const SHOWN = {
  question: ["version", "host", "id", "requester", "door", "aim", "extends", "sha256", "tty", "source_ip", "role", "rule", "doubt", "reason", "ticket", "asked", "needed", "all_of", "escalate", "self_approval", "opened_wall_ms", "timeout_ms", "lasts_ms", "uses", "reauth", "signed"],
  requester: ["user", "uid", "login_user", "login_uid", "session_uid"],
  aim: ["command", "session", "window"],
  command: ["path", "argv", "cwd", "run_as", "action"],
  session: ["service", "run_as", "typed"],
  window: ["role", "groups", "actions", "capabilities", "root_equivalent", "on_end", "end_on_logout"],
};

function beyond(question) {
  const { requester, aim: it } = question;
  const parts = { question, requester, aim: it, command: it.command, session: it.session, window: it.window };
  return Object.entries(parts).flatMap(([name, part]) =>
    Object.entries(part ?? {}).filter(([key]) => !SHOWN[name].includes(key)).map(([key, value]) => `${key}: ${JSON.stringify(value)}`));
}

function hints(question) {
  const found = beyond(question).map((text) => `The question also says what this page does not know: ${shown(text)}`);
  const it = question.aim.command;
  const texts = [question.reason, question.ticket, question.host, ...(it ? [it.path, it.cwd, ...it.argv] : [])];
  if (texts.some((text) => text && shown(text) !== text)) {
    found.push("It holds characters that would not show, or that turn the direction of text. They stand as escapes, marked.");
  }
  if (it && it.action === "run" && SHELLS.test(it.path)) {
    found.push("This program can start a shell or run other programs: approving it may approve anything.");
  }
  if (it && it.argv[0] !== undefined && it.action === "run" && it.argv[0] !== it.path && !it.path.endsWith(`/${it.argv[0]}`)) {
    found.push(`It is called by another name than that of its file: ${shown(quoted(it.argv[0]))}.`);
  }
  if (question.aim.window?.root_equivalent?.length) {
    found.push(`As good as root: ${question.aim.window.root_equivalent.map(shown).join(", ")}.`);
  }
  if (question.doubt) found.push(`The rule's condition cannot be evaluated: ${shown(question.doubt)}`);
  if (question.self_approval) found.push(`${shown(question.requester.user)} may approve it himself, where he is one of those who are asked.`);
  return found.map((text) => element("p", { class: "beware" }, element("strong", {}, "Look closely. "), text));
}

function who({ user, uid, login_user: login, login_uid: loginUid, session_uid: session }) {
  const parts = [element("strong", {}, ...nodes(user)), ` (${uid})`];
  if (loginUid !== undefined && loginUid !== uid) parts.push(", logged in as ", element("strong", {}, ...nodes(login ?? "user")), ` (${loginUid})`);
  if (session !== undefined && session !== uid && session !== loginUid) parts.push(`, in a session of user number ${session}`);
  return parts;
}

function door(question) {
  if (question.door === "sudo") return "sudo";
  if (question.door === "pam") return question.aim.session ? shown(question.aim.session.service) : "PAM";
  return question.extends ? "writ extend" : "writ request";
}

function aim(question) {
  const { command: run, session, window } = question.aim;
  if (run) {
    const what = run.action === "edit" ? ["edits", command(run.argv)] : ["command", command([run.path, ...run.argv.slice(1)])];
    return [
      tall(what[0], what[1]),
      field("as", code(run.run_as.user), ` (${run.run_as.uid})`, ...(run.run_as.group ? [", group ", code(run.run_as.group)] : [])),
      field("in", code(run.cwd)),
    ];
  }
  if (session) {
    return [
      field("session", code(session.service), " as ", code(session.run_as.user), ` (${session.run_as.uid})`),
      ...(session.typed?.length ? [tall("typed", command(session.typed))] : []),
    ];
  }
  const list = (title, values) => (values?.length ? [field(title, ...values.flatMap((value, index) => [index ? ", " : "", code(value)]))] : []);
  return [
    field("role", code(window.role), ", as a whole: what its rules ask about runs without a further question"),
    ...list("lends groups", Object.keys(window.groups ?? {})),
    ...list("lends actions", Object.keys(window.actions ?? {})),
    ...list("lends capabilities", window.capabilities),
    field("at the end", window.on_end === "warn" ? "processes are warned" : "processes are ended", window.end_on_logout ? "; ends with the last login session" : ""),
  ];
}

function names(list) {
  return list.map(shown).join(", ");
}

function asked(question) {
  const seats = question.all_of?.length
    ? question.all_of.map((seat) => `${seat.count ?? 1} of ${names(seat.from)}`).join(" and ")
    : `${question.needed} of ${names(question.asked)}`;
  const later = (question.escalate ?? []).map((step) => `; after ${span(step.after_ms)} also ${names(step.asked)}`);
  return seats + later.join("") + (question.signed ? "; only signed answers count" : "");
}

/** The question, laid out. */
export function layOut(question, reply) {
  const rule = question.rule ? `${shown(question.rule)} of role ${shown(question.role)}` : question.role ? `role ${shown(question.role)}` : "no role speaks of it";
  const grant = question.extends
    ? `${question.extends} stands ${span(question.lasts_ms)} longer`
    : question.uses === 0 ? `for ${span(question.lasts_ms)}` : `${question.uses === 1 ? "once" : `${question.uses} times`}, within ${span(question.lasts_ms)}`;
  return [
    ...hints(question),
    element("dl", { class: "sheet" },
      field("host", element("strong", {}, ...nodes(question.host))),
      field("who", ...who(question.requester)),
      ...aim(question),
      ...(question.reason ? [field("reason", element("q", { class: "said" }, ...nodes(question.reason)))] : []),
      ...(question.ticket ? [field("ticket", code(question.ticket))] : []),
      field("grants", grant),
      field("asked", asked(question)),
      field("from", door(question), ", ", question.tty ? code(question.tty) : "no terminal", ...(question.source_ip ? [", logged in from ", code(question.source_ip)] : [])),
      field("rule", rule),
      field("opened", instant(question.opened_wall_ms)),
      ...(question.sha256 ? [tall("SHA-256 of the program", code(question.sha256, "digest"))] : []),
      tall("digest of the question", code(reply.digest, "digest")),
      tall("the host's key", code(reply.host_key, "digest")),
    ),
    element("details", {}, element("summary", {}, "The exact text that the host signed"), element("pre", { class: "raw", tabindex: "0" }, ...nodes(reply.question))),
  ];
}
