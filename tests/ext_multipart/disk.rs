//! Temporary files, and how they get their names.

use std::panic::AssertUnwindSafe;

use cepa::multipart::{MultipartForm, SaveTo, UploadLimits, UploadedFile, safe_name};
use serde::Deserialize;

use super::*;

const MIB: usize = 1024 * 1024;

#[derive(Deserialize)]
struct One {
    f: UploadedFile,
}

/// An app whose temporaries are in this folder.
fn app(temp: &Folder) -> App {
    App::new().plug(Uploads::new().with_temp_dir(&temp.0))
}

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at * 31 / 7) as u8).collect()
}

#[test]
fn what_is_above_1_mib_is_a_temporary_file_until_it_is_dropped() {
    let temp = Folder::new();
    let seen = temp.0.clone();
    let look = move |MultipartForm(one): MultipartForm<One>| {
        let seen = seen.clone();
        async move {
            let names = names(&seen);
            let Some(path) = one.f.path() else {
                assert!(names.is_empty(), "{names:?}");
                return Ok("in memory".to_owned());
            };
            assert!(names.len() == 1 && path.ends_with(&names[0]), "{names:?}");
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                let mode = std::fs::metadata(path)?.permissions().mode();
                assert_eq!(mode & 0o777, 0o600);
            }
            assert!(one.f.bytes().await? == content(one.f.size() as usize));
            Ok::<_, Error>("on disk".to_owned())
        }
    };
    let client = app(&temp).post("/", look).test();
    for (size, place) in [
        (0, "in memory"),
        (MIB, "in memory"),
        (MIB + 1, "on disk"),
        (3 * MIB + 77, "on disk"),
    ] {
        let form = Form::default().file("f", "a", content(size));
        upload(&client, "/", form.end()).assert_text(place);
        temp.wait_until_empty();
    }
}

#[test]
fn files_of_a_form_share_the_memory() {
    #[derive(Deserialize)]
    struct Many {
        f: Vec<UploadedFile>,
    }
    let temp = Folder::new();
    let limits = UploadLimits::new().with_memory(10);
    let uploads = Uploads::new().with_temp_dir(&temp.0).with_limits(limits);
    let show = async |MultipartForm(many): MultipartForm<Many>| {
        let on_disk: Vec<_> = many.f.iter().map(|file| file.path().is_some()).collect();
        format!("{on_disk:?}")
    };
    let client = App::new().plug(uploads).post("/", show).test();
    let form = Form::default()
        .file("f", "a", "123456")
        .file("f", "a", "123456");
    let form = form.file("f", "a", "1234").file("f", "a", "1");
    upload(&client, "/", form.end()).assert_text("[false, true, false, true]");
}

#[test]
fn saving_gives_a_name_once_all_is_there_and_replaces_nothing_unasked() {
    let (temp, target) = (Folder::new(), Folder::new());
    let dir = target.0.clone();
    let save = move |Path(how): Path<String>, MultipartForm(one): MultipartForm<One>| {
        let path = dir.join(one.f.safe_name());
        async move {
            let to = SaveTo::new(&path);
            let to = match how.as_str() {
                "plain" => to,
                "over" => to.with_overwrite(),
                _ => to.with_fsync(),
            };
            #[cfg(unix)]
            let to = if how == "mode" {
                to.with_mode(0o644)
            } else {
                to
            };
            one.f.save(to).await?;
            Ok::<_, Error>("saved")
        }
    };
    let client = app(&temp).post("/{how}", save).test();
    for (size, how) in [(5, "plain"), (2 * MIB, "plain"), (6, "fsync"), (7, "mode")] {
        let name = format!("{how}{size}");
        let ask = |how: &str, size| {
            let form = Form::default().file("f", &format!("../{name}"), content(size));
            upload(&client, how, form.end())
        };
        ask(&format!("/{how}"), size).assert_text("saved");
        assert!(std::fs::read(target.0.join(&name)).unwrap() == content(size));
        ask(&format!("/{how}"), size + 1).assert_status(409);
        assert!(std::fs::read(target.0.join(&name)).unwrap() == content(size));
        ask("/over", size + 2).assert_text("saved");
        assert!(std::fs::read(target.0.join(&name)).unwrap() == content(size + 2));
    }
    assert_eq!(
        target.names(),
        ["fsync6", "mode7", "plain2097152", "plain5"]
    );
    temp.wait_until_empty();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let form = Form::default().file("f", "open", "1");
        upload(&client, "/mode", form.end()).assert_text("saved");
        let mode = std::fs::metadata(target.0.join("open"))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o644);
    }
}

#[test]
fn a_field_is_saved_while_it_arrives() {
    let (temp, target) = (Folder::new(), Folder::new());
    let dir = target.0.clone();
    let save = move |mut parts: Multipart| {
        let dir = dir.clone();
        async move {
            let mut sizes = Vec::new();
            while let Some(field) = parts.next_field().await? {
                let path = dir.join(field.safe_name());
                sizes.push(field.save(path).await?);
            }
            Ok::<_, Error>(format!("{sizes:?}"))
        }
    };
    let client = app(&temp).post("/", save).test();
    let form = Form::default()
        .file("a", "one", content(5 * MIB))
        .file("b", "two", "");
    upload(&client, "/", form.end()).assert_text("[5242880, 0]");
    assert!(std::fs::read(target.0.join("one")).unwrap() == content(5 * MIB));
    assert_eq!(std::fs::read(target.0.join("two")).unwrap(), b"");
    // One that breaks off leaves neither the file nor a temporary one.
    let broken = Form::default().file("a", "three", content(3 * MIB)).0;
    upload(&client, "/", broken).assert_status(400);
    let taken = Form::default().file("a", "one", "1").end();
    upload(&client, "/", taken).assert_status(409);
    temp.wait_until_empty();
    assert_eq!(target.names(), ["one", "two"]);
}

#[test]
fn a_client_that_goes_away_leaves_nothing() {
    let temp = Folder::new();
    let client = app(&temp)
        .post("/", async |_: MultipartForm<One>| "")
        .test();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let start = Form::default().file("f", "a", content(2 * MIB)).0;
        let endless = Endless(Some(start.into()));
        let req = client.post("/").header("content-type", FORM_DATA);
        let asked = req.body(Body::wrap(endless)).response();
        let gone = tokio::time::timeout(Duration::from_millis(300), asked).await;
        assert!(gone.is_err(), "the body never ends");
    });
    temp.wait_until_empty();
}

/// A body that says something and then nothing for ever.
struct Endless(Option<Bytes>);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;
    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        match self.0.take() {
            Some(bytes) => std::task::Poll::Ready(Some(Ok(http_body::Frame::data(bytes)))),
            None => std::task::Poll::Pending,
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn another_file_system_gets_a_copy_under_a_temporary_name_first() {
    use std::os::unix::fs::MetadataExt as _;
    let temp = Folder::new();
    let shm = std::path::Path::new("/dev/shm");
    let device = |path: &std::path::Path| std::fs::metadata(path).map(|about| about.dev()).ok();
    if device(shm).is_none() || device(shm) == device(&temp.0) {
        return; // there is one file system only
    }
    let target = shm.join(format!("cepa-multipart-{}", std::process::id()));
    std::fs::create_dir(&target).unwrap();
    let target = Folder(target);
    let path = target.0.join("a");
    let save = move |MultipartForm(one): MultipartForm<One>| {
        let to = SaveTo::new(&path).with_fsync();
        async move { one.f.save(to).await.map(|()| "saved") }
    };
    let client = app(&temp).post("/", save).test();
    let form = || Form::default().file("f", "a", content(2 * MIB)).end();
    upload(&client, "/", form()).assert_text("saved");
    assert!(std::fs::read(target.0.join("a")).unwrap() == content(2 * MIB));
    upload(&client, "/", form()).assert_status(409);
    temp.wait_until_empty();
    let end = Instant::now() + Duration::from_secs(20);
    while target.names() != ["a"] {
        assert!(Instant::now() < end, "{:?}", target.names());
    }
}

#[test]
fn a_start_sweeps_what_is_old_and_ours() {
    let (temp, other) = (Folder::new(), Folder::new());
    let old = std::time::SystemTime::now() - Duration::from_secs(25 * 60 * 60);
    for dir in [&temp.0, &other.0] {
        for (name, time) in [
            (".cepa-upload-old", Some(old)),
            (".cepa-upload-new", None),
            ("old", Some(old)),
        ] {
            let file = std::fs::File::create(dir.join(name)).unwrap();
            if let Some(time) = time {
                file.set_modified(time).unwrap();
            }
        }
        std::fs::create_dir(dir.join(".cepa-upload-folder")).unwrap();
    }
    let start = |uploads: Uploads| {
        let app = App::new().plug(uploads).get("/", async || "up");
        app.test().get("/").send().assert_text("up");
    };
    start(Uploads::new().with_temp_dir(&temp.0));
    assert_eq!(
        temp.names(),
        [".cepa-upload-folder", ".cepa-upload-new", "old"]
    );
    assert_eq!(other.names().len(), 4);
    let all = Uploads::new()
        .with_temp_dir(&temp.0)
        .with_max_age(Duration::ZERO);
    start(all.with_swept(&other.0).with_swept("/nowhere/at/all"));
    assert_eq!(temp.names(), [".cepa-upload-folder", "old"]);
    assert_eq!(other.names(), [".cepa-upload-folder", "old"]);
}

#[test]
fn a_folder_is_made_and_one_that_cannot_be_written_to_ends_the_start() {
    let temp = Folder::new();
    let inner = temp.0.join("a/b");
    let client = App::new()
        .plug(Uploads::new().with_temp_dir(&inner))
        .get("/", async || "up")
        .test();
    client.get("/").send().assert_text("up");
    assert!(names(&inner).is_empty());
    let file = temp.0.join("file");
    std::fs::write(&file, "").unwrap();
    let app = App::new()
        .plug(Uploads::new().with_temp_dir(&file))
        .get("/", async || "up");
    let error =
        std::panic::catch_unwind(AssertUnwindSafe(|| app.test().get("/").send())).unwrap_err();
    let error = error.downcast_ref::<String>().unwrap();
    assert!(error.contains("let the program write there"), "{error}");
}

#[test]
fn a_folder_that_is_not_there_is_500_and_says_nothing_to_the_client() {
    let temp = Folder::new();
    let save = async |MultipartForm(one): MultipartForm<One>| {
        one.f.save("/nowhere/at/all").await.map(|()| "saved")
    };
    let client = app(&temp).post("/", save).test();
    let res = upload(&client, "/", Form::default().file("f", "a", "1").end());
    res.assert_status(500);
    assert!(!res.text().contains("nowhere"), "{}", res.text());
    assert!(
        res.error()
            .unwrap()
            .to_string()
            .contains("saved at `/nowhere/at/all`")
    );
    temp.wait_until_empty();
}

#[test]
fn names_become_safe() {
    let table = [
        ("photo.png", "photo.png"),
        ("", "file"),
        ("..", "file"),
        ("...", "file"),
        ("/", "file"),
        ("../..", "file"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/etc/passwd", "passwd"),
        ("a/b\\c", "c"),
        ("C:evil", "Cevil"),
        ("a:stream", "astream"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("a\0b\r\nc", "ab__c"),
        ("a\u{202e}gpj.exe", "agpj.exe"),
        ("two words.txt", "two_words.txt"),
        ("名前.txt", "名前.txt"),
        ("aux", "_aux"),
        ("COM1.txt", "_COM1.txt"),
        ("lpt\u{b2}", "_lpt\u{b2}"),
        ("com10", "com10"),
        ("nul.tar.gz", "_nul.tar.gz"),
        ("dots...", "dots"),
        ("$(rm -rf ~)`x`.sh", "rm_-rf_x.sh"),
        ("<script>.svg", "script.svg"),
    ];
    for (given, wanted) in table {
        assert_eq!(safe_name(given), wanted, "{given:?}");
    }
    let long = format!("{}.jpeg", "ü".repeat(400));
    let name = safe_name(&long);
    assert!(name.len() <= 128 && name.ends_with("ü.jpeg"), "{name}");
    assert!(safe_name(&"a.".repeat(400)).len() <= 128);
}
