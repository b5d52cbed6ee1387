// Wakes up when the hub has its push service do so. The message is empty: what is asked is
// looked up at the hub, with the session of this browser.

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function waiting() {
  try {
    const reply = await fetch("/v1/questions", { credentials: "same-origin", cache: "no-store" });
    if (!reply.ok) return undefined;
    return (await reply.json()).questions;
  } catch {
    return undefined;
  }
}

self.addEventListener("push", (event) => {
  event.waitUntil((async () => {
    const questions = await waiting();
    const first = questions?.[0];
    const title = first ? `${first.requester} on ${first.host} asks` : "A question waits";
    const more = questions && questions.length > 1 ? `, and ${questions.length - 1} more wait` : "";
    await self.registration.showNotification(title, {
      body: first ? `${first.id}${more}` : "Look at it in Writ.",
      tag: first?.digest ?? "writ",
      icon: "/icon.svg",
      data: first ? `/#/q/${first.digest}` : "/",
    });
  })());
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil((async () => {
    const pages = await self.clients.matchAll({ type: "window" });
    if (pages.length === 0) return self.clients.openWindow(event.notification.data);
    await pages[0].navigate(event.notification.data);
    return pages[0].focus();
  })());
});
