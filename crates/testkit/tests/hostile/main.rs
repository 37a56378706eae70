//! The hostile corpus through the real signer: every case is refused, warned of or shown exactly as
//! it says.
//!
//! `COFFERDAM_CASE=TEXT` tries only the cases with this text in their names.
#![allow(clippy::print_stdout, reason = "the counts stand in docs/assurance.md")]

mod steps;
mod template;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cofferdam_testkit::hostile::read;

#[test]
fn every_case_meets_exactly_what_it_says() {
    let mut cases = read().unwrap();
    if let Ok(part) = std::env::var("COFFERDAM_CASE") {
        cases.retain(|case| case.name.contains(&part));
    }
    let templates = template::Templates::make().unwrap();
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let counts = steps::Counts::default();
    let workers = std::thread::available_parallelism().map_or(1, |threads| threads.get());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = steps::run(case, &templates, &counts) {
                        failures
                            .lock()
                            .unwrap()
                            .push(format!("{}: {error:#}", case.name));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    println!("hostile cases: {}; {counts}", cases.len());
}
