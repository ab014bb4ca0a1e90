fn main() {
    // They are part of the program.
    println!("cargo:rerun-if-changed=migrations");
}
