//! The table of stories.

/// Each recording's name, and what its lines are told.
pub(crate) fn stories() -> Vec<(&'static str, &'static str)> {
    let parts = include_str!("stories.txt").split("\n== ").skip(1);
    parts
        .map(|part| part.split_once('\n').unwrap_or((part, "")))
        .map(|(name, told)| (name.trim(), told))
        .collect()
}
