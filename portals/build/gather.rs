//! Reading folders of text in a fixed order, and writing only what changed.

use std::fs;
use std::io;
use std::path::Path;

/// One text file, named by its path below the folder it was found in.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Every file below a folder with one of these extensions, sorted by name.
pub(crate) fn sources(folder: &Path, extensions: &[&str]) -> io::Result<Vec<Source>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let wanted = path
                .extension()
                .and_then(|e| e.to_str())
                .is_some_and(|e| extensions.contains(&e));
            let Some(name) = path.strip_prefix(folder).ok().and_then(Path::to_str).filter(|_| wanted) else {
                continue;
            };
            found.push(Source {
                name: name.replace('\\', "/"),
                text: fs::read_to_string(&path)?,
            });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// FNV-1a: names a version of a file; nothing secret hangs on it.
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Leaves an equal file alone, so that its time does not set off a build.
pub(crate) fn write_if_changed(path: &Path, body: &[u8]) -> io::Result<()> {
    match fs::read(path) {
        Ok(old) if old == body => Ok(()),
        _ => fs::write(path, body),
    }
}
