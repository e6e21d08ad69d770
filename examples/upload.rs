//! Uploads: a page with a form and a progress bar, files of up to 1 GiB streamed to the disk.
//!
//! ```text
//! cargo run --features multipart --example upload
//! curl -F file=@onion.png -F file=@leek.png 127.0.0.1:3000
//! ```
//!
//! The files are in `UPLOADS`, by default a folder among the system's temporary files.

use std::path::PathBuf;
use std::{env, fs, io};

use cepa::multipart::{Multipart, UploadLimits, Uploads, safe_name};
use cepa::prelude::*;

/// The folder of complete files.
#[derive(Clone)]
struct Files(PathBuf);

async fn page(State(files): State<Files>) -> Result<Html<String>> {
    let list = move || -> io::Result<String> {
        let mut list = Vec::new();
        for entry in fs::read_dir(files.0)? {
            let (entry, size) = entry.and_then(|it| Ok((it.file_name(), it.metadata()?.len())))?;
            // A safe name has nothing in it that means something in HTML.
            let name = safe_name(&entry.to_string_lossy());
            let size = readable(size);
            list.push(format!("<li><span>{name}</span><small>{size}</small>\n"));
        }
        list.sort();
        Ok(list.concat())
    };
    let list = cepa::blocking(list).await??;
    Ok(Html(PAGE.replace("{list}", &list)))
}

fn readable(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// Each file goes to the disk as it arrives, and has its name once it is complete.
async fn upload(State(files): State<Files>, mut parts: Multipart) -> Result<Redirect> {
    while let Some(field) = parts.next_field().await? {
        // What a browser sends where no file was chosen has no name.
        if field.file_name().is_some_and(|name| !name.is_empty()) {
            let path = files.0.join(field.safe_name());
            field.save(path).await?;
        }
    }
    Ok(Redirect::to("/"))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = env::var_os("UPLOADS").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| env::temp_dir().join("cepa-uploads"));
    let files = folder.join("files");
    fs::create_dir_all(&files)?;
    let limits = UploadLimits::new().with_total(1024 * 1024 * 1024);
    // On the same file system, so that saving is a rename.
    let uploads = Uploads::new()
        .with_limits(limits)
        .with_temp_dir(folder.join("unfinished"));
    App::new()
        .state(Files(files))
        .plug(uploads)
        .with(Logger::new())
        .get("/", page)
        .post("/", upload)
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))?;
    Ok(())
}

/// Without scripts the form works too, and shows no progress.
const PAGE: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Uploads</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; --page: light-dark(#f6f4f1, #16151a);
    --card: light-dark(#fff, #201f26); --line: light-dark(#e4dfe6, #34313d); --accent: light-dark(#b4552d, #c8673d);
    accent-color: var(--accent) }
  body { background: var(--page); max-width: 40rem; margin: 0 auto; padding: 1.5rem 1rem }
  form, ul { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem }
  form { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem }
  input, button, ::file-selector-button { max-width: 100%; font: inherit }
  button, ::file-selector-button { padding: .5rem 1rem; border-radius: .7rem; border: 1px solid var(--line); cursor: pointer }
  ::file-selector-button { margin-right: .75rem }
  button { justify-self: start; background: var(--accent); color: #fff; border: 0 }
  button:disabled { opacity: .5 }
  progress { width: 100%; height: 1rem }
  output:empty { display: none }
  h1 { font-size: 1.5rem }
  h2 { font-size: 1.1rem; margin: 2rem 0 1rem }
  ul { list-style: none; padding: .25rem 1rem }
  ul:not(:has(li))::before { content: "Nothing yet."; opacity: .7 }
  li { display: flex; gap: 1rem; justify-content: space-between; padding: .5rem 0 }
  li + li { border-top: 1px solid var(--line) }
  li span { overflow-wrap: anywhere; min-width: 0 }
  small { white-space: nowrap; font-size: 1em; opacity: .7 }
</style>
<h1>Uploads</h1>
<form method="post" enctype="multipart/form-data">
  <label for="file">Files of up to 1 GiB together</label>
  <input id="file" type="file" name="file" multiple required>
  <button>Upload</button>
  <progress value="0" max="1" aria-label="Upload" hidden></progress>
  <output></output>
</form>
<h2>On the disk</h2>
<ul>
{list}</ul>
<script>
  const form = document.forms[0], bar = form.querySelector("progress"), told = form.querySelector("output");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = form.querySelector("button"), ask = new XMLHttpRequest();
    const end = (text) => { told.value = text; bar.hidden = true; button.disabled = false; };
    ask.upload.onprogress = ({ loaded, total }) => {
      bar.value = loaded / total;
      told.value = `${Math.floor(100 * loaded / total)} %`;
    };
    ask.onload = () => ask.status < 400 ? location.reload() : end(ask.responseText);
    ask.onerror = () => end("The connection was lost; try again.");
    ask.open("POST", "/");
    ask.setRequestHeader("accept", "text/plain");
    ask.send(new FormData(form));
    bar.hidden = false;
    button.disabled = true;
  });
</script>
"#;
