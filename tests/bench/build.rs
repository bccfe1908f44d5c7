//! Finds libsrtp2 where the feature of that name wants it.

#[cfg(feature = "libsrtp2")]
fn main() -> Result<(), pkg_config::Error> {
    // Headers and library of the system, or of PKG_CONFIG_PATH: `cargo xtask bench` sees to either.
    let library = pkg_config::Config::new().atleast_version("2.5").probe("libsrtp2")?;
    println!("cargo::rustc-env=LIBSRTP2_VERSION={}", library.version);
    Ok(())
}

#[cfg(not(feature = "libsrtp2"))]
fn main() {}
