//! Certificates of the authorities that the client trusts: those in `SSL_CERT_FILE` and
//! `SSL_CERT_DIR`, or those of the system.

use std::{
    collections::{BTreeSet, HashSet},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use super::file;
use crate::environment::Environment;

/// Most bytes of a file. The certificates of all public authorities have 300 kB.
const MAX_LENGTH: u64 = 16 << 20;

/// Trusted certificates that were read from files.
#[derive(Clone, Debug)]
pub(super) struct Certificates {
    pub(super) roots: Arc<RootCertStore>,
    /// The files, with their defects, for messages.
    pub(super) origin: String,
}

/// File or directory with certificates.
struct Source {
    path: PathBuf,
    is_directory: bool,
    /// Variable that names it; `None` for a location of the system.
    variable: Option<&'static str>,
}

/// Reads the certificates. Returns `None` on Windows and macOS, which have stores of their own: the
/// HTTP library uses them, and the variables have no effect there, as in Go.
///
/// # Errors
///
/// No certificate was found. A file without any is tolerated as long as another one has some.
pub(super) async fn read(environment: &Environment) -> Result<Option<Certificates>, String> {
    if cfg!(any(windows, target_vendor = "apple")) {
        return Ok(None);
    }
    let (mut found, mut origin) = (HashSet::new(), Vec::new());
    for source in sources(environment) {
        let defect = match read_source(&source).await {
            Ok(certificates) if certificates.is_empty() => " has no certificate".to_owned(),
            Ok(certificates) => {
                found.extend(certificates);
                String::new()
            }
            Err(error) => format!(" cannot be read: {error}"),
        };
        let variable = source.variable.map(|name| format!(" (`{name}`)")).unwrap_or_default();
        origin.push(format!("`{}`{variable}{defect}", source.path.display()));
    }
    let origin = origin.join(", ");
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found);
    if roots.is_empty() {
        return Err(format!("no trusted certificates: {origin}"));
    }
    Ok(Some(Certificates { roots: Arc::new(roots), origin }))
}

fn sources(environment: &Environment) -> Vec<Source> {
    let set =
        |name| environment.path(name).filter(|path| !path.to_string_lossy().trim().is_empty());
    let file = set("SSL_CERT_FILE").map(|path| Source {
        path: path.into(),
        is_directory: false,
        variable: Some("SSL_CERT_FILE"),
    });
    let directories = set("SSL_CERT_DIR").into_iter().flat_map(std::env::split_paths);
    let directories = directories.filter(|path| !path.as_os_str().is_empty());
    let variable = Some("SSL_CERT_DIR");
    let directories = directories.map(|path| Source { path, is_directory: true, variable });
    let named: Vec<_> = file.into_iter().chain(directories).collect();
    if named.is_empty() { system_sources() } else { named }
}

fn system_sources() -> Vec<Source> {
    let system = openssl_probe::probe();
    let source = |path, is_directory| Source { path, is_directory, variable: None };
    let file = system.cert_file.map(|path| source(path, false));
    file.into_iter().chain(system.cert_dir.into_iter().map(|path| source(path, true))).collect()
}

async fn read_source(source: &Source) -> io::Result<Vec<CertificateDer<'static>>> {
    if !source.is_directory {
        return Ok(parsed(&file::read(&source.path, MAX_LENGTH).await?));
    }
    let path = source.path.clone();
    file::blocking(move || read_directory(&path)).await
}

/// Returns the certificates of all regular files in the directory, each file once: there are usually
/// several links to it.
fn read_directory(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let entries = fs::read_dir(path)?.filter_map(|entry| entry.ok()?.path().canonicalize().ok());
    let files: BTreeSet<_> = entries.filter(|path| path.is_file()).collect();
    let contents = files.iter().filter_map(|path| file::read_blocking(path, MAX_LENGTH).ok());
    Ok(contents.flat_map(|content| parsed(&content)).collect())
}

/// Returns the certificates in `pem`. Other content is skipped, as by OpenSSL and Go.
fn parsed(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect()
}
