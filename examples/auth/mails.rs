//! Mails that are kept to be looked at, where a program would send them.

use cepa::prelude::*;
use cepa::templates::View;
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Clone, Serialize)]
struct Mail {
    to: String,
    subject: &'static str,
    link: String,
}

#[derive(Clone, Default)]
pub struct Mails(Arc<Mutex<Vec<Mail>>>);

impl Mails {
    pub async fn send(&self, to: &str, subject: &'static str, link: String) {
        let to = to.to_owned();
        let mut mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mails.insert(0, Mail { to, subject, link });
        mails.truncate(20);
    }

    fn all(&self) -> Vec<Mail> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// A page of them, for whoever develops the program.
pub fn show(app: App) -> App {
    let page =
        async |State(mails): State<Mails>| View::new("mails.html", json!({ "mails": mails.all() }));
    app.get("/mails", page.named("mails"))
}
