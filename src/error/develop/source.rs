//! Lines of the program's source, read when an error comes from there.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::{env, fs::File};

use crate::error::Excerpt;

/// Bytes of a file beyond which it is not read.
const LONGEST: u64 = 2 * 1024 * 1024;
/// Folders above the one where the program was started, or built, that are looked into.
const HIGHEST: usize = 8;

/// An excerpt of a source file.
pub(super) struct Read {
    pub(super) excerpt: Excerpt,
    /// The file was changed after the program was built, so the line may be another one.
    pub(super) is_newer: bool,
}

/// The lines around this one of a file, as the compiler names it. `None` where there is no such file in
/// the folder of the program's package, its workspace or the folder it was started in.
pub(super) fn read(file: &str, line: u32) -> Option<Read> {
    let path = find(Path::new(file), &folders())?;
    let open = File::open(path).ok()?;
    let about = open.metadata().ok().filter(fs::Metadata::is_file)?;
    let mut text = String::new();
    (about.len() <= LONGEST).then_some(())?;
    open.take(LONGEST).read_to_string(&mut text).ok()?;
    let excerpt = Excerpt::of(file, &text, line as usize);
    excerpt.lines().next()?;
    let built = env::current_exe().and_then(|it| it.metadata()?.modified());
    let changed = about.modified().ok().zip(built.ok());
    Some(Read {
        excerpt,
        is_newer: changed.is_some_and(|(changed, built)| changed > built),
    })
}

/// Where the sources may be: the package as cargo tells a program it runs, the folder it was started in,
/// and the folders around those that are packages or workspaces too, since the compiler names
/// files as they are seen from the workspace.
fn folders() -> Vec<PathBuf> {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = env::current_dir().ok();
    let is_package = |folder: &&Path| folder.join("Cargo.toml").is_file();
    let mut folders: Vec<PathBuf> = Vec::new();
    for start in package.iter().chain(&here) {
        let around = start.ancestors().take(HIGHEST).filter(is_package);
        folders.extend(around.map(Path::to_owned));
    }
    folders.extend(here);
    folders
}

/// The file, if it lies in one of the folders, wherever links lead.
fn find(file: &Path, folders: &[PathBuf]) -> Option<PathBuf> {
    let below = |folder: &PathBuf| {
        let folder = folder.canonicalize().ok()?;
        let path = folder.join(file).canonicalize().ok()?;
        path.starts_with(&folder).then_some(path)
    };
    folders.iter().find_map(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_package_is_read_and_none_outside() {
        let place = std::panic::Location::caller();
        let read = read(place.file(), place.line()).unwrap();
        let (_, text) = read.excerpt.lines().nth(6).unwrap();
        assert!(text.contains("Location::caller"), "{text}");

        let folder = env::temp_dir().join(format!("cepa-source-{}", std::process::id()));
        let inner = folder.join("inner");
        fs::create_dir_all(&inner).unwrap();
        fs::write(folder.join("out.rs"), "out").unwrap();
        fs::write(inner.join("in.rs"), "in").unwrap();
        let find = |file: &str| find(Path::new(file), std::slice::from_ref(&inner));
        assert!(find("in.rs").is_some());
        assert!(find("../inner/in.rs").is_some());
        assert!(find(inner.join("in.rs").to_str().unwrap()).is_some());
        for file in ["out.rs", "../out.rs", "", "/etc/hostname", "none.rs"] {
            let found = find(file).filter(|path| path.is_file());
            assert_eq!(found, None, "{file}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../out.rs", inner.join("link.rs")).unwrap();
            assert_eq!(find("link.rs"), None);
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
