//! Bundles and returns: round trips, what hostile ones are refused for, and how large they are.

mod bundle;
mod fixture;
mod hostile;
mod property;
mod returned;
mod size;
