//! A real Chromium, without a window, of the size of a phone, with an authenticator in software
//! (WebDriver and its WebAuthn extension).

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::WAIT_MAX;

pub struct Browser {
    driver: Child,
    /// Chromium's own process.
    browser: Option<rustix::process::Pid>,
    client: Client,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// `None` where it is not installed, which is said.
    pub async fn start(dark: bool) -> Option<Self> {
        let Ok(mut driver) = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
        else {
            eprintln!("skipped: chromedriver is not installed (chromium-driver)");
            return None;
        };
        let output = BufReader::new(driver.stdout.take().unwrap());
        // "ChromeDriver was started successfully on port 40123."
        let port = output.lines().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("successfully on port ")?;
            rest.trim_end_matches('.').parse::<u16>().ok()
        });
        let profile = tempfile::tempdir().unwrap();
        let mut args = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--lang=en".to_owned(),
            // A page that names something elsewhere does not get it.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
                .to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        if dark {
            args.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": {
                "args": args,
                "mobileEmulation": {
                    "deviceMetrics": { "width": 390, "height": 844, "pixelRatio": 2.0, "touch": true },
                },
            },
        } } });
        let client = Client::builder().no_proxy().timeout(WAIT_MAX * 3).build().unwrap();
        let base = format!("http://127.0.0.1:{}", port.expect("chromedriver says its port"));
        let mut browser = Self {
            driver,
            browser: None,
            client,
            session: format!("{base}/session"),
            _profile: profile,
        };
        let made = browser.call(Method::POST, "", &capabilities).await;
        browser.session = format!("{base}/session/{}", made["sessionId"].as_str().unwrap());
        let pid = made["capabilities"]["goog:processID"].as_i64().unwrap();
        browser.browser = rustix::process::Pid::from_raw(pid.try_into().unwrap());
        Some(browser)
    }

    /// Gives it an authenticator whose user is there and is who he says.
    pub async fn authenticator(&self) {
        let options = json!({
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserConsenting": true,
            "isUserVerified": true,
        });
        self.call(Method::POST, "/webauthn/authenticator", &options).await;
    }

    pub async fn go(&self, url: &str) {
        self.call(Method::POST, "/url", &json!({ "url": url })).await;
    }

    /// What a script in the page comes to.
    pub async fn script(&self, script: &str) -> Value {
        self.call(Method::POST, "/execute/sync", &json!({ "script": script, "args": [] })).await
    }

    /// Waits until something holds in the page.
    pub async fn until(&self, condition: &str) {
        let until = Instant::now() + WAIT_MAX;
        while self.script(&format!("return Boolean({condition})")).await != json!(true) {
            if Instant::now() > until {
                let text = self.script("return [location.href, document.body.innerText]").await;
                panic!("it never holds that {condition}: {text}");
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// Waits until the page says something.
    pub async fn says(&self, text: &str) {
        let text = json!(text);
        self.until(&format!("document.body.innerText.includes({text})")).await;
    }

    /// Presses a button, as a finger does.
    pub async fn press(&self, label: &str) {
        let xpath = format!("//button[normalize-space()='{label}']");
        let found = json!({ "using": "xpath", "value": xpath });
        let element = self.call(Method::POST, "/element", &found).await;
        let id = element.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
        self.call(Method::POST, &format!("/element/{id}/click"), &json!({})).await;
    }

    /// Types into a field of a form, by its name.
    pub async fn fill(&self, name: &str, text: &str) {
        let found = json!({ "using": "css selector", "value": format!("input[name={name}]") });
        let element = self.call(Method::POST, "/element", &found).await;
        let id = element.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
        let text = json!({ "text": text });
        self.call(Method::POST, &format!("/element/{id}/value"), &text).await;
    }

    /// Presses keys of the keyboard.
    pub async fn keys(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                [
                    json!({ "type": "keyDown", "value": key }),
                    json!({ "type": "keyUp", "value": key }),
                ]
            })
            .collect();
        let actions =
            json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] });
        self.call(Method::POST, "/actions", &actions).await;
    }

    /// Keeps what is seen, the whole page, where `WRIT_SCREENSHOTS` names a folder.
    pub async fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("WRIT_SCREENSHOTS") else { return };
        let shot = json!({
            "cmd": "Page.captureScreenshot",
            "params": { "captureBeyondViewport": true },
        });
        let shot = self.call(Method::POST, "/goog/cdp/execute", &shot).await;
        let bytes = STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), bytes).unwrap();
    }

    /// What the browser complains of: errors of scripts, breaches of the policy. That nobody
    /// is logged in yet, is none.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.call(Method::POST, "/se/log", &json!({ "type": "browser" })).await;
        let severe = log.as_array().unwrap().iter().filter(|it| it["level"] == "SEVERE");
        let messages = severe.map(|it| it["message"].as_str().unwrap().to_owned());
        messages.filter(|it| !it.contains("/v1/session - Failed to load resource")).collect()
    }

    pub async fn call(&self, method: Method, path: &str, body: &Value) -> Value {
        let request = self
            .client
            .request(method, format!("{}{path}", self.session))
            .header("content-type", "application/json")
            .body(body.to_string());
        let text = request.send().await.unwrap().text().await.unwrap();
        let reply: Value = serde_json::from_str(&text).unwrap();
        assert!(reply["value"]["error"].is_null(), "{path}: {reply}");
        reply["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // chromedriver leaves it behind when it is told to end.
        if let Some(browser) = self.browser {
            let _ = rustix::process::kill_process(browser, rustix::process::Signal::KILL);
        }
        let pid = rustix::process::Pid::from_child(&self.driver);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.driver.wait();
    }
}
