//! Several browsers that ask one app, each with its own cookies.

use std::cell::RefCell;
use std::collections::BTreeMap;

use cepa::testing::{TestClient, TestRequest, TestResponse};

use super::app::PASSWORD;

pub(crate) struct Browser<'a> {
    client: &'a TestClient,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(client: &'a TestClient) -> Self {
        Self {
            client,
            cookies: RefCell::default(),
        }
    }

    /// The cookies as they are sent.
    pub(crate) fn cookies(&self) -> String {
        let cookies = self.cookies.borrow();
        let pairs = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// Another browser that somebody copied the cookies to.
    pub(crate) fn stolen(&self) -> Self {
        Self {
            client: self.client,
            cookies: self.cookies.clone(),
        }
    }

    pub(crate) fn send(&self, req: TestRequest<'_>) -> TestResponse {
        let res = req.header("cookie", self.cookies()).send();
        for line in res.headers().get_all("set-cookie") {
            let (pair, attributes) = line.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let mut cookies = self.cookies.borrow_mut();
            match attributes.contains("Max-Age=0") {
                true => cookies.remove(name),
                false => cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        res
    }

    pub(crate) fn get(&self, path: &str) -> TestResponse {
        self.send(self.client.get(path))
    }

    pub(crate) fn post(&self, path: &str, form: &[(&str, &str)]) -> TestResponse {
        self.send(self.client.post(path).form(form))
    }

    /// As a person who types an address.
    pub(crate) fn open(&self, path: &str) -> TestResponse {
        self.send(
            self.client
                .get(path)
                .header("accept", "text/html,*/*;q=0.8"),
        )
    }

    pub(crate) fn sign_up(&self, email: &str) -> &Self {
        let form = [("email", email), ("password", PASSWORD)];
        self.post("/sign-up", &form).assert_status(303);
        self
    }

    pub(crate) fn login(&self, email: &str, password: &str) -> TestResponse {
        self.post("/login", &[("email", email), ("password", password)])
    }
}
