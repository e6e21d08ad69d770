//! A tab of a browser: what a person does with a page.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fmt, thread};

use serde_json::{Value, json};

use crate::Browser;
use crate::browser::PATIENCE;

/// A page that is open. Elements are named by CSS selectors, conditions by JavaScript.
#[derive(Debug)]
pub struct Tab<'a> {
    browser: &'a Browser,
    target: String,
    session: String,
}

impl<'a> Tab<'a> {
    pub(crate) fn open(browser: &'a Browser, url: &str) -> Self {
        let blank = json!({ "url": "about:blank" });
        let target = text(&browser.ask(None, "Target.createTarget", blank)["targetId"]);
        let flat = json!({ "targetId": target, "flatten": true });
        let session = text(&browser.ask(None, "Target.attachToTarget", flat)["sessionId"]);
        let tab = Self {
            browser,
            target,
            session,
        };
        // What fails in a script is told from here on.
        tab.ask("Runtime.enable", json!({}));
        tab.go(url);
        tab
    }

    /// Loads another page.
    ///
    /// # Panics
    ///
    /// If it cannot be loaded.
    pub fn go(&self, url: &str) {
        let loaded = self.ask("Page.navigate", json!({ "url": url }));
        assert_eq!(loaded.get("errorText"), None, "{url} was not loaded");
        self.wait_for("location.href !== 'about:blank' && document.readyState === 'complete'");
    }

    /// Closes it as a person does, without a question of the page.
    pub fn close(self) {
        let target = json!({ "targetId": self.target });
        self.browser.ask(None, "Target.closeTarget", target);
    }

    /// Turns the scripts of the pages that are loaded from now on off.
    pub fn without_scripts(&self) {
        self.ask(
            "Emulation.setScriptExecutionDisabled",
            json!({ "value": true }),
        );
    }

    /// Shows pages as if they had no policy that says what may run in them.
    pub fn without_policy(&self) {
        self.ask("Page.setBypassCSP", json!({ "enabled": true }));
    }

    /// Runs a script at the beginning of each page that is loaded from now on.
    pub fn begin_pages_with(&self, script: &str) {
        self.ask("Page.enable", json!({}));
        let source = json!({ "source": script });
        self.ask("Page.addScriptToEvaluateOnNewDocument", source);
    }

    /// Asks for pages with these headers from now on, in place of others that were given before.
    pub fn with_headers(&self, headers: &Value) {
        self.ask("Network.enable", json!({}));
        let headers = json!({ "headers": headers });
        self.ask("Network.setExtraHTTPHeaders", headers);
    }

    /// Makes the window this wide, in pixels, and 800 high.
    pub fn resize(&self, width: u32) {
        let size =
            json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", size);
    }

    /// Waits until nothing is wider than a screen, and than that of a phone.
    pub fn wait_until_it_fits(&self) {
        for width in [1280, 390] {
            self.resize(width);
            self.wait_for(format!("innerWidth === {width}"));
            self.wait_for("document.documentElement.scrollWidth <= innerWidth");
        }
    }

    /// Writes into a field, in place of what is in it.
    pub fn write(&self, selector: &str, text: &str) {
        self.front();
        self.eval(&format!("{}.select()", element(selector)));
        self.ask("Input.insertText", json!({ "text": text }));
    }

    /// Presses the enter key, which sends the form of the field last written to.
    pub fn press_enter(&self) {
        for kind in ["keyDown", "keyUp"] {
            let key = json!({
                "type": kind, "key": "Enter", "code": "Enter", "text": "\r",
                "windowsVirtualKeyCode": 13,
            });
            self.ask("Input.dispatchKeyEvent", key);
        }
    }

    /// Clicks in the middle of an element, which fails where something else covers it.
    pub fn click(&self, selector: &str) {
        self.front();
        let place = self.eval(&format!(
            "(() => {{
                const element = {};
                element.scrollIntoView({{ block: 'center', behavior: 'instant' }});
                const {{ x, y, width, height }} = element.getBoundingClientRect();
                const [left, top] = [x + width / 2, y + height / 2];
                return {{ x: left, y: top, free: element.contains(document.elementFromPoint(left, top)) }};
            }})()",
            element(selector)
        ));
        assert_eq!(place["free"], true, "{selector} cannot be clicked");
        for kind in ["mousePressed", "mouseReleased"] {
            let click = json!({
                "type": kind, "x": place["x"], "y": place["y"], "button": "left", "clickCount": 1,
            });
            self.ask("Input.dispatchMouseEvent", click);
        }
    }

    /// Chooses files in a field for files.
    pub fn choose(&self, selector: &str, files: &[&Path]) {
        let params = json!({ "expression": element(selector) });
        let input = self.ask("Runtime.evaluate", params)["result"]["objectId"].take();
        let params = json!({ "objectId": input, "files": files });
        self.ask("DOM.setFileInputFiles", params);
    }

    /// The value of an expression.
    ///
    /// # Panics
    ///
    /// If it throws.
    pub fn eval(&self, expression: &str) -> Value {
        let value = self.try_eval(expression);
        value.unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// Waits until the expression is true, also across pages.
    ///
    /// # Panics
    ///
    /// If it is not true in a minute, with what the page says instead.
    #[track_caller]
    pub fn wait_for(&self, condition: impl fmt::Display) {
        let condition = condition.to_string();
        let deadline = Instant::now() + PATIENCE;
        // An error may be that of a page on its way out.
        while self.try_eval(&condition) != Ok(true.into()) {
            if Instant::now() > deadline {
                let page = self.try_eval("document.body.innerText");
                panic!("{condition} did not come true in {page:#?}");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until there is an element with exactly this text in it.
    #[track_caller]
    pub fn wait_for_text(&self, selector: &str, text: &str) {
        let [selector, text] = [selector, text].map(Value::from);
        self.wait_for(format!(
            "[...document.querySelectorAll({selector})].some(it => it.innerText === {text})"
        ));
    }

    fn try_eval(&self, expression: &str) -> Result<Value, String> {
        let params = json!({ "expression": expression, "returnByValue": true });
        let session = Some(&*self.session);
        let mut answer = self.browser.try_ask(session, "Runtime.evaluate", params)?;
        match answer.get("exceptionDetails") {
            Some(error) => Err(text(&error["exception"]["description"])),
            None => Ok(answer["result"]["value"].take()),
        }
    }

    /// Only the tab in front hears the keyboard and the mouse.
    fn front(&self) {
        self.ask("Page.bringToFront", json!({}));
    }

    fn ask(&self, method: &str, params: Value) -> Value {
        self.browser.ask(Some(&self.session), method, params)
    }
}

/// The expression of an element.
fn element(selector: &str) -> String {
    format!("document.querySelector({})", Value::from(selector))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
