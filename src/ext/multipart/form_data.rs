//! `FormData`: a form to send, for tests of those who receive one.

use super::temp::random;
use crate::Body;

/// A form with files, as a browser sends it; the body of a request in tests.
///
/// ```
/// use cepa::multipart::{FormData, Multipart, Uploads};
/// use cepa::prelude::*;
///
/// async fn first(mut parts: Multipart) -> Result<String> {
///     let field = parts.next_field().await?.or_bad_request("it is empty")?;
///     let told = format!("{} {:?} ", field.name(), field.file_name());
///     Ok(told + &field.text().await?)
/// }
///
/// let client = App::new().plug(Uploads::new()).post("/", first).test();
/// let form = FormData::new().with_file("scan", "a.txt", "hi").with_text("title", "A");
/// let req = client.post("/").header("content-type", form.content_type());
/// req.body(form).send().assert_text("scan Some(\"a.txt\") hi");
/// ```
#[derive(Clone, Debug)]
#[must_use = "a form is sent as a body: `.header(\"content-type\", form.content_type()).body(form)`"]
pub struct FormData {
    boundary: String,
    parts: Vec<u8>,
}

impl FormData {
    /// A form without fields.
    pub fn new() -> Self {
        Self {
            boundary: format!("{:016x}{:016x}", random(), random()),
            parts: Vec::new(),
        }
    }

    /// Adds a text field.
    pub fn with_text(self, name: &str, text: &str) -> Self {
        let params = format!("name=\"{}\"", escape(name));
        self.with_part(&params, text.as_bytes())
    }

    /// Adds a file with the name that the client gives it. Its type is `application/octet-stream`.
    pub fn with_file(self, name: &str, file_name: &str, content: impl AsRef<[u8]>) -> Self {
        let (name, file_name) = (escape(name), escape(file_name));
        let params = format!(
            "name=\"{name}\"; filename=\"{file_name}\"\r\nContent-Type: application/octet-stream"
        );
        self.with_part(&params, content.as_ref())
    }

    /// The content type, which has the boundary.
    #[must_use]
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    fn with_part(mut self, params: &str, content: &[u8]) -> Self {
        let boundary = &self.boundary;
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; {params}\r\n\r\n");
        self.parts.extend_from_slice(head.as_bytes());
        self.parts.extend_from_slice(content);
        self.parts.extend_from_slice(b"\r\n");
        self
    }
}

impl Default for FormData {
    fn default() -> Self {
        Self::new()
    }
}

impl From<FormData> for Body {
    fn from(form: FormData) -> Self {
        let mut bytes = form.parts;
        bytes.extend_from_slice(format!("--{}--\r\n", form.boundary).as_bytes());
        bytes.into()
    }
}

/// As browsers do it (HTML standard, multipart form data).
fn escape(name: &str) -> String {
    name.replace('\r', "%0D")
        .replace('\n', "%0A")
        .replace('"', "%22")
}
