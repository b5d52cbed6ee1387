//! The page in a real browser of a phone's size: a passkey is enrolled, a question comes while
//! it is looked at, and is answered with the passkey.

use serde_json::json;
use writ_engine::facts::Aim;
use writ_signed::{Answer, ApproverKey, Decision};

use crate::rig::{Browser, EnrolledHost, Running, question, question_of};

async fn logged_in(hub: &Running, browser: &Browser) {
    browser.authenticator().await;
    let invitation = hub.invitation("bob").await;
    browser.go(&format!("{}/#/enrol/{invitation}", hub.origin)).await;
    browser.says("You are bob").await;
    browser.picture("enrol").await;
    browser.press("Make a passkey").await;
    browser.says("webauthn-es256").await;
    browser.picture("enrolled").await;
    browser.press("Log in with it").await;
    browser.says("Nothing is asked").await;
}

/// What the host gets, verified with the keys that its admin would have pinned.
async fn verified(hub: &Running, host: &EnrolledHost, question: &str) -> Decision {
    let answers = host.answers(0, 50).await;
    let answer: Answer = serde_json::from_value(answers[0]["answer"].clone()).unwrap();
    let store = &hub.hub.store;
    let bob = store.person("bob").await.unwrap().unwrap();
    let lines = store.lines(&bob).await.unwrap();
    let keys: Vec<ApproverKey> = lines.iter().map(|line| line.parse().unwrap()).collect();
    let decision = answer.verify(&keys).unwrap().decision;
    assert_eq!(decision.question, writ_signed::digest(question));
    let taken = format!("/v1/host/answers/{}/taken", answers[0]["seq"]);
    assert_eq!(host.http.post(&taken, &json!({ "accepted": true })).await.status, 204);
    decision
}

async fn approves_on_a_phone(dark: bool) {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    let Some(browser) = Browser::start(dark).await else { return };
    logged_in(&hub, &browser).await;
    let look = if dark { "dark" } else { "light" };
    // It comes by itself.
    let text = question_of("web-1", "7K3M-Q2", |it| it.uses = 3);
    let digest = host.ask(&text).await;
    browser.says("/usr/bin/systemctl restart nginx").await;
    browser.picture(&format!("inbox-{look}")).await;
    browser.until("document.title === '(1) Writ'").await;
    browser.script("document.querySelector('main a.row').click()").await;
    browser.says("Your answer").await;
    for fact in [
        "web-1",
        "alice",
        "nginx hangs",
        "OPS-1234",
        "/home/alice",
        "root",
        "1 of @oncall",
        &digest,
    ] {
        browser.says(fact).await;
    }
    browser.until("document.documentElement.scrollWidth <= innerWidth").await;
    browser.picture(&format!("question-{look}")).await;
    browser
        .script("const it = document.getElementById('lasts'); it.value = '300000'; it.dispatchEvent(new Event('input'))")
        .await;
    browser.press("Approve with passkey").await;
    let decision = verified(&hub, &host, &text).await;
    assert_eq!(decision.verdict, writ_signed::Verdict::Approve);
    assert_eq!(decision.lasts_ms, Some(300_000));
    assert_eq!((decision.uses, decision.comment.as_deref()), (None, None));
    browser.says("counts at the host").await;
    browser.until("document.getElementById('approve').offsetParent === null").await;
    let over = json!({ "outcome": "approved", "by": "bob" });
    host.http.post(&format!("/v1/host/questions/{digest}/over"), &over).await;
    browser.says("approved by bob").await;
    browser.picture(&format!("answered-{look}")).await;
    for (view, says) in
        [("history", "approved by bob"), ("hosts", "connected"), ("me", "[approver.bob]")]
    {
        browser.script(&format!("location.hash = '#/{view}'")).await;
        browser.says(says).await;
        browser.picture(&format!("{view}-{look}")).await;
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.press("Log out").await;
    browser.says("Log in with a passkey").await;
    browser.picture(&format!("login-{look}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approver_enrols_sees_and_approves_on_a_phone() {
    approves_on_a_phone(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn he_does_so_in_the_dark() {
    approves_on_a_phone(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approver_denies_with_a_comment_by_keyboard() {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    let Some(browser) = Browser::start(false).await else { return };
    logged_in(&hub, &browser).await;
    let text = question("web-1", "7K3M-Q2");
    host.ask(&text).await;
    browser.says("7K3M-Q2").await;
    browser.keys("j\u{e007}").await;
    browser.says("Your answer").await;
    browser.keys("cnot tonight\u{e00c}d").await;
    browser.until("document.activeElement.id === 'deny'").await;
    browser.keys("\u{e007}").await;
    let decision = verified(&hub, &host, &text).await;
    assert_eq!(decision.verdict, writ_signed::Verdict::Deny);
    assert_eq!(decision.comment.as_deref(), Some("not tonight"));
    browser.keys("u").await;
    browser.until("location.hash === '#/'").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_question_acts_on_the_page_or_hides_there() {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    let Some(browser) = Browser::start(false).await else { return };
    logged_in(&hub, &browser).await;
    let bad = "<img src=x onerror=\"window.bad=1\"><script>window.bad=1</script>";
    let text = question_of("web-1", "7K3M-Q2", |it| {
        it.reason = Some(format!("{bad}\u{202e}txt.exe\u{200b}"));
        it.ticket = Some(bad.to_owned());
        it.requester.user = bad.to_owned();
        if let Aim::Command(command) = &mut it.aim {
            command.path = "/bin/sh".to_owned();
            command.argv = vec![
                "sh".into(),
                "-c".into(),
                format!("it's {bad}\n\u{1b}[2J\u{2066}x"),
                String::new(),
            ];
        }
    });
    host.ask(&text).await;
    browser.says("7K3M-Q2").await;
    browser.script("document.querySelector('main a.row').click()").await;
    browser.says("Your answer").await;
    browser.picture("hostile").await;
    browser.says("can start a shell").await;
    browser.says("would not show").await;
    let unknown = "document.body.innerText.includes('does not know')";
    assert_eq!(browser.script(&format!("return {unknown}")).await, json!(false));
    // A later question, of which it shows not all.
    let later: serde_json::Value = serde_json::from_str(&question("web-1", "7K3M-Q3")).unwrap();
    let mut later = later.as_object().unwrap().clone();
    later.insert("chroot".to_owned(), json!("/srv\u{202e}"));
    let shown = format!(
        "return import('/question.js').then((it) => it.layOut({}, {{ digest: '', host_key: '', question: '' }}) \
         .map((part) => part.textContent).join(' '))",
        json!(later)
    );
    let shown = browser.script(&shown).await;
    let shown = shown.as_str().unwrap();
    assert!(shown.contains("does not know: chroot: \"/srv\\u{202e}\""), "{shown}");
    let command = browser.script("return document.querySelector('pre.command').textContent").await;
    assert_eq!(command, format!("/bin/sh -c 'it'\\''s {bad}\\n\\e[2J\\u{{2066}}x' ''"),);
    let reason = browser.script("return document.querySelector('q.said').textContent").await;
    assert_eq!(reason, format!("{bad}\\u{{202e}}txt.exe\\u{{200b}}"));
    assert_eq!(browser.script("return window.bad === undefined").await, json!(true));
    assert_eq!(
        browser.script("return document.querySelectorAll('main img, main script').length").await,
        json!(0)
    );
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_whose_text_is_not_its_digest_cannot_be_answered() {
    let hub = Running::start().await;
    let host = hub.enrolled("web-1", 1).await;
    let Some(browser) = Browser::start(false).await else { return };
    logged_in(&hub, &browser).await;
    host.ask(&question("web-1", "7K3M-Q2")).await;
    browser.says("7K3M-Q2").await;
    // What a fault of the hub's store would do.
    browser
        .script(
            "const real = window.fetch; window.fetch = async (path, how) => { \
             const reply = await real(path, how); if (!/questions\\/[0-9a-f]{64}$/.test(path)) return reply; \
             return new Response((await reply.text()).replaceAll('nginx', 'sshd'), { status: 200 }); }; \
             document.querySelector('main a.row').click()",
        )
        .await;
    browser.says("another digest").await;
    assert_eq!(browser.script("return document.getElementById('approve')").await, json!(null));
}
