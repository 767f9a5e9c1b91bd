//! The checked-in C# declarations are what csbindgen makes of the sources now.

use std::collections::BTreeSet;
use std::fs;

const GENERATED: &str = include_str!(concat!(env!("OUT_DIR"), "/NativeMethods.g.cs"));

#[test]
fn the_checked_in_file_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../bindings/NativeMethods.g.cs");
    let checked_in = fs::read_to_string(path).expect("bindings/NativeMethods.g.cs");
    assert!(
        checked_in.replace("\r\n", "\n") == GENERATED.replace("\r\n", "\n"),
        "bindings/NativeMethods.g.cs is out of date: build the native library and commit the file"
    );
}

/// csbindgen skips silently what it cannot express.
#[test]
fn no_export_was_skipped() {
    let mut exported = BTreeSet::new();
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let attributes = text.matches("#[unsafe(no_mangle)]").count();
        let names: Vec<String> = text
            .split("pub unsafe extern \"C\" fn ")
            .skip(1)
            .map(|rest| rest[..rest.find('(').unwrap()].to_owned())
            .collect();
        assert_eq!(attributes, names.len(), "one attribute per export");
        exported.extend(names);
    }
    let declared: BTreeSet<String> =
        GENERATED.split("EntryPoint = \"").skip(1).map(|rest| rest[..rest.find('"').unwrap()].to_owned()).collect();
    assert_eq!(exported, declared);
    assert!(exported.iter().all(|name| name.starts_with("exb_")));
}

#[test]
fn the_contract_lists_every_export() {
    let contract = include_str!("../../ABI.md");
    for name in GENERATED.split("EntryPoint = \"").skip(1).map(|rest| &rest[..rest.find('"').unwrap()]) {
        assert!(contract.contains(&format!("{name}(")), "native/ABI.md does not mention {name}");
    }
}
