//! Logging in at a real provider, in a real browser of a phone's size: its own form is filled
//! in, and the hub's page then shows the inbox.

use serde_json::json;
use tokio::net::TcpListener;
use writ_signed::{Answer, ApproverKey};

use crate::oidc::named;
use crate::rig::{Browser, RealProvider, Running, question};

struct SignIn {
    hub: Running,
    browser: Browser,
    _provider: RealProvider,
}

/// `None` where something is not installed, which is said.
async fn start() -> Option<SignIn> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let provider = RealProvider::start(&origin)?;
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("hub.db").display());
    let mut hub = Running::serve(listener, &origin, &database, &provider.settings()).await;
    hub.keep(folder);
    let browser = Browser::start(false).await?;
    browser.authenticator().await;
    Some(SignIn { hub, browser, _provider: provider })
}

impl SignIn {
    /// The provider's own page may have some.
    async fn has_no_complaints(&self) {
        let mut complaints = self.browser.complaints().await;
        complaints.retain(|it| it.starts_with(&self.hub.origin));
        assert_eq!(complaints, Vec::<String>::new());
    }

    /// Through the provider's form, as whoever types his name there.
    async fn sign_in(&self, name: &str) {
        self.browser.press("Sign in with Example SSO").await;
        self.browser.until("document.querySelector('input[name=login]')").await;
        self.browser.fill("login", name).await;
        self.browser.fill("password", "any").await;
        self.browser.press("Sign-in").await;
        self.browser.says("Authorize").await;
        self.browser.press("Continue").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approver_signs_in_makes_his_first_passkey_and_approves() {
    let Some(it) = start().await else { return };
    let SignIn { hub, browser, .. } = &it;
    named(hub, "bob", "bob@example.com").await;
    let host = hub.enrolled("web-1", 1).await;
    let text = question("web-1", "7K3M-Q2");
    let digest = host.ask(&text).await;
    // By a notice's link to the question.
    browser.go(&format!("{}/#/q/{digest}", hub.origin)).await;
    browser.says("Sign in with Example SSO").await;
    browser.until("document.documentElement.scrollWidth <= innerWidth").await;
    browser.picture("sign-in").await;
    it.sign_in("bob").await;
    browser.says("You have no passkey yet").await;
    browser.picture("first-passkey").await;
    it.has_no_complaints().await;
    // He sees what is asked, and has nothing to answer with.
    browser.script("location.hash = '#/'").await;
    browser.says("/usr/bin/systemctl restart nginx").await;
    browser.script("document.querySelector('main a.row').click()").await;
    browser.says("You have no passkey here").await;
    browser.script("location.hash = '#/me'").await;
    browser.says("You have no passkey yet").await;
    browser.press("Make my first passkey").await;
    browser.says("You are bob").await;
    browser.press("Make a passkey").await;
    browser.says("webauthn-es256").await;
    browser.press("Log in with it").await;
    browser.says("/usr/bin/systemctl restart nginx").await;
    // With it, he answers, also when he signs in at the provider the next time.
    browser.script("location.hash = '#/me'").await;
    browser.press("Log out").await;
    browser.says("Log in with a passkey").await;
    browser.script(&format!("location.hash = '#/q/{digest}'")).await;
    browser.says("Log in with a passkey").await;
    browser.press("Sign in with Example SSO").await;
    // The provider knows him still, and the page where he was going.
    browser.says("Your answer").await;
    browser.press("Approve with passkey").await;
    browser.says("on its way to the host").await;
    let answers = host.answers(0, 50).await;
    let answer: Answer = serde_json::from_value(answers[0]["answer"].clone()).unwrap();
    let bob = hub.hub.store.person("bob").await.unwrap().unwrap();
    let lines = hub.hub.store.lines(&bob).await.unwrap();
    let keys: Vec<ApproverKey> = lines.iter().map(|line| line.parse().unwrap()).collect();
    assert_eq!(answer.verify(&keys).unwrap().decision.question, digest);
    assert_eq!(hub.hub.store.first_lines(&bob).await.unwrap(), lines);
    it.has_no_complaints().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_let_in_reads_why_and_whom_to_ask() {
    let Some(it) = start().await else { return };
    let SignIn { hub, browser, .. } = &it;
    browser.go(&hub.origin).await;
    browser.says("Sign in with Example SSO").await;
    // Whoever turns back at the provider's form.
    browser.press("Sign in with Example SSO").await;
    browser.until("document.querySelector('a[href$=abort]')").await;
    browser.script("document.querySelector('a[href$=abort]').click()").await;
    browser.says("Example SSO: it did not log you in: access_denied").await;
    it.sign_in("alice").await;
    browser.says("knows you as alice@example.com").await;
    browser.says("Ask the hub's admin").await;
    browser.until("document.documentElement.scrollWidth <= innerWidth").await;
    browser.picture("sign-in-refused").await;
    // No address of the page says what it shows.
    let words = json!("knows you as");
    browser.until(&format!("!location.href.includes({words})")).await;
    it.has_no_complaints().await;
}
