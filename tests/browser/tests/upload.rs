//! The example `upload`: from a file here to the same file there.

use std::fs;

use cepa_browser::{Browser, Example, Folder};

/// Bytes of all values, none of them like those around it.
fn bytes(len: u32) -> Vec<u8> {
    let mixed = (0..len).map(|it| it.wrapping_mul(2_654_435_761) >> 24);
    mixed.map(|it| it.to_le_bytes()[0]).collect()
}

#[test]
fn files_arrive_byte_for_byte_and_the_bar_reaches_its_end() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let folder = Folder::new();
    let upload = Example::start("upload", &[("UPLOADS", folder.join("there").as_os_str())]);
    let (large, empty) = (folder.join("large.bin"), folder.join("empty.txt"));
    fs::write(&large, bytes(24 * 1024 * 1024)).unwrap();
    fs::write(&empty, "").unwrap();

    let tab = browser.open(upload.url());
    tab.choose("#file", &[&large, &empty]);
    // The page loads itself again in the end; what the bar showed has to outlive that.
    tab.eval(
        "new MutationObserver(() => {
            const shown = JSON.parse(sessionStorage.shown ?? '[]');
            sessionStorage.shown = JSON.stringify([...shown, bar.hidden ? -1 : bar.value]);
        }).observe(bar, { attributeFilter: ['value'] }), 0",
    );
    tab.click("button");
    tab.wait_for_text("li span", "large.bin");
    tab.wait_for_text("li small", "25.2 MB");
    tab.wait_for_text("li span", "empty.txt");

    let shown = tab.eval("JSON.parse(sessionStorage.shown)");
    let shown = shown.as_array().unwrap();
    let shown: Vec<f64> = shown.iter().map(|it| it.as_f64().unwrap()).collect();
    assert!(shown.is_sorted() && shown[0] >= 0.0, "{shown:?}");
    assert_eq!(shown.last(), Some(&1.0), "{shown:?}");
    for file in [large, empty] {
        let name = file.file_name().unwrap();
        let there = folder.join("there/files").join(name);
        assert!(fs::read(file).unwrap() == fs::read(there).unwrap());
    }
    let unfinished = fs::read_dir(folder.join("there/unfinished")).unwrap();
    assert_eq!(unfinished.count(), 0);
}

#[test]
fn without_scripts_the_form_works_too() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let folder = Folder::new();
    let upload = Example::start("upload", &[("UPLOADS", folder.join("there").as_os_str())]);
    let file = folder.join("an onion.txt");
    fs::write(&file, "red\r\n--white--\0").unwrap();

    let tab = browser.open("about:blank#");
    tab.without_scripts();
    tab.go(upload.url());
    tab.choose("#file", &[&file]);
    tab.click("button");
    tab.wait_for("document.querySelectorAll('li').length === 1");
    let name = tab.eval("document.querySelector('li span').innerText");
    let there = folder.join("there/files").join(name.as_str().unwrap());
    assert_eq!(fs::read(there).unwrap(), b"red\r\n--white--\0");
}
