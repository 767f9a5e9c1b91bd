//! Files that are whole or not there.

use std::fs::File;
use std::io::{BufWriter, Error, Result, Write};
use std::path::Path;

/// Writes a file under a temporary name beside `path`, on to the disk, then renames it: a crash at any moment leaves an
/// earlier file whole. The temporary file of a write that fails is removed.
pub(super) fn write_whole(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> Result<()>) -> Result<()> {
    let mut name = path.file_name().ok_or_else(|| Error::other("the path names no file"))?.to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let run = || {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&temporary)?);
        write(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        drop(file);
        std::fs::rename(&temporary, path)?;
        sync_folder(path)
    };
    run().inspect_err(|_| {
        let _ = std::fs::remove_file(&temporary);
    })
}

/// The new name is on the disk too; only Unix lets a folder be written out.
fn sync_folder(path: &Path) -> Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Some file systems cannot; the file itself is safe then too.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(())
}
