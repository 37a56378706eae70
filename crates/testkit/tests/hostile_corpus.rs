//! The hostile corpus is what its recipes make, and covers what it has to cover.

use cofferdam_testkit::hostile::{bless, cases, differences};

#[test]
fn the_folder_is_what_the_recipes_make() {
    let cases = cases();
    if std::env::var_os("COFFERDAM_BLESS").is_some() {
        bless(&cases).unwrap();
    }
    assert_eq!(
        differences(&cases).unwrap(),
        Vec::<String>::new(),
        "COFFERDAM_BLESS=1 writes the folder anew"
    );
}
