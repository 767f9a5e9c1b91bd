//! Writes the C# declarations of the exports: csbindgen reads src/*.rs, writes to OUT_DIR, and the result is copied to
//! bindings/NativeMethods.g.cs only if it differs, so that .NET does not rebuild for nothing.

use std::path::{Path, PathBuf};
use std::{env, fs};

const HEADER: &str = "#nullable disable
#pragma warning disable CS1591 // documented where they are wrapped
#pragma warning disable SYSLIB1054 // blittable signatures: DllImport gives the same stub as LibraryImport";

fn main() {
    let mut sources: Vec<PathBuf> = fs::read_dir("src")
        .expect("the folder src")
        .map(|entry| entry.expect("an entry of src").path())
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .collect();
    sources.sort();

    let mut builder = csbindgen::Builder::default();
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src");
    for source in &sources {
        println!("cargo:rerun-if-changed={}", source.display());
        builder = builder.input_extern_file(source);
    }

    let generated = Path::new(&env::var("OUT_DIR").expect("OUT_DIR")).join("NativeMethods.g.cs");
    builder
        .csharp_namespace("ExBurn.Native")
        .csharp_class_name("NativeMethods")
        .csharp_dll_name("exburn")
        .csharp_file_header(HEADER)
        .generate_csharp_file(&generated)
        .expect("csbindgen");

    let checked_in = Path::new("../../bindings/NativeMethods.g.cs");
    println!("cargo:rerun-if-changed={}", checked_in.display());
    let text = fs::read(&generated).expect("what csbindgen wrote");
    if fs::read(checked_in).ok().as_ref() != Some(&text)
        && let Err(error) = fs::write(checked_in, &text)
    {
        // A read-only source tree must still build; the test native/ffi/tests/bindings.rs then tells of a difference.
        println!("cargo:warning=bindings/NativeMethods.g.cs is out of date and cannot be written: {error}");
    }

    let functions = String::from_utf8_lossy(&text).matches(" static extern ").count();
    println!("cargo:rustc-env=EXBURN_FUNCTIONS={functions}");

    // .NET runtimes that load by path first and by name later find the library again by this name.
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libexburn.so");
    }
    println!("cargo:rerun-if-env-changed=EXBURN_COMMIT");
    println!("cargo:rustc-env=EXBURN_TARGET={}", env::var("TARGET").expect("TARGET"));
    println!("cargo:rustc-env=EXBURN_PROFILE={}", env::var("PROFILE").expect("PROFILE"));
}
