//! The arguments of `directory`.

use std::path::PathBuf;

use lexopt::{Parser, ValueExt as _};

use super::{Request, Stop, Word, each, keep, missing, path};

/// The verbs, for messages.
const VERBS: &str = "'import', 'check', 'list' or 'show'";

/// The arguments of `directory`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DirectoryRequest {
    Import(ImportRequest),
    Check(Files),
    List(Listed, Files),
    /// A user, or a line or a device.
    Show(String, Files),
}

/// The arguments of `directory import`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ImportRequest {
    /// What to read; `-` is standard input.
    pub(crate) source: PathBuf,
    pub(crate) is_ldif: bool,
    /// The name of the connection whose phone system is asked, instead of a file.
    pub(crate) connection: Option<String>,
    /// Where to write, if not to standard output.
    pub(crate) output: Option<PathBuf>,
    /// The configuration that names the attributes.
    pub(crate) config: Option<PathBuf>,
    /// Whether to write the rows without mistakes.
    pub(crate) skip: bool,
    /// Where to record what the phone system says.
    pub(crate) record: Option<PathBuf>,
}

/// What a directory is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Files {
    /// A gateway's configuration, with the files that it names.
    Config(PathBuf),
    /// Directory files, or TOML.
    These(Vec<PathBuf>),
}

/// What to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Listed {
    #[default]
    Users,
    Lines,
    Devices,
}

pub(super) fn directory(parser: &mut Parser) -> Result<Request, Stop> {
    let (mut verb, mut words, mut config) = (None, Vec::new(), None);
    let (mut import, mut ldif, mut listed) = (ImportRequest::default(), None, None);
    each(parser, |word, parser| {
        match word {
            Word::Value(value) if verb.is_none() => verb = Some(value.to_string_lossy().into_owned()),
            Word::Value(value) => words.push(value.clone()),
            Word::Option(name) => match (verb.as_deref(), name.as_str()) {
                (Some(_), "--config") => path(name, &mut config, parser)?,
                (Some("import"), "--ldif") => path(name, &mut ldif, parser)?,
                (Some("import"), "-o" | "--output") => path(name, &mut import.output, parser)?,
                (Some("import"), "--connection") => {
                    let name_of_it = parser.value()?.string()?;
                    keep(name, &mut import.connection, name_of_it)?;
                }
                (Some("import"), "--record") => path(name, &mut import.record, parser)?,
                (Some("import"), "--skip") => import.skip = true,
                (Some("list"), "--lines") => keep(name, &mut listed, Listed::Lines)?,
                (Some("list"), "--devices") => keep(name, &mut listed, Listed::Devices)?,
                (None, _) => return Err(format!("{name}: must come after {VERBS}").into()),
                _ => return Ok(false),
            },
        }
        Ok(true)
    })?;
    let verb = verb.ok_or_else(|| missing(VERBS))?;
    let mut words = words.into_iter();
    let request = match verb.as_str() {
        "import" => {
            let table = words.next().map(PathBuf::from);
            if let (Some(table), Some(_)) = (&table, &ldif) {
                return Err(Stop::Wrong(lexopt::Error::UnexpectedArgument(table.into())));
            }
            import.is_ldif = ldif.is_some();
            import.config = config.take();
            if import.connection.is_none() && import.record.is_some() {
                return Err(missing("--connection NAME, which is recorded,"));
            }
            if import.connection.is_none() {
                let source = ldif.or(table);
                import.source =
                    source.ok_or_else(|| missing("the table, or --ldif FILE, or --connection NAME,"))?;
            } else if let Some(file) = ldif.or(table) {
                return Err(Stop::Wrong(lexopt::Error::UnexpectedArgument(file.into())));
            } else if import.config.is_none() {
                return Err(missing("--config FILE, which has the connection,"));
            }
            DirectoryRequest::Import(import)
        }
        "show" => {
            let whom = words.next().ok_or_else(|| missing("whom to show"))?.string()?;
            DirectoryRequest::Show(whom, files(config.take(), &mut words)?)
        }
        "check" => DirectoryRequest::Check(files(config.take(), &mut words)?),
        "list" => DirectoryRequest::List(listed.unwrap_or_default(), files(config.take(), &mut words)?),
        other => return Err(Stop::Wrong(format!("directory '{other}': expected {VERBS}").into())),
    };
    match words.next() {
        None => Ok(Request::Directory(request)),
        Some(word) => Err(Stop::Wrong(lexopt::Error::UnexpectedArgument(word))),
    }
}

/// The files that are named, or the configuration.
fn files(
    config: Option<PathBuf>,
    words: &mut impl Iterator<Item = std::ffi::OsString>,
) -> Result<Files, Stop> {
    if let Some(config) = config {
        return Ok(Files::Config(config));
    }
    let files: Vec<PathBuf> = words.map(PathBuf::from).collect();
    if files.is_empty() {
        Err(missing("the directory file, or --config FILE,"))
    } else {
        Ok(Files::These(files))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::cli::arguments::{Usage, parse};

    fn parsed(line: &str) -> Result<Request, Usage> {
        parse(core::iter::once("directory").chain(line.split_whitespace()).map(OsString::from))
    }

    #[test]
    fn the_verbs_of_directory_are_understood() {
        let these = || Files::These(vec!["a".into(), "b".into()]);
        let config = || Files::Config("c.toml".into());
        let import = ImportRequest { source: "u.csv".into(), ..ImportRequest::default() };
        let ldif = ImportRequest {
            source: "-".into(),
            is_ldif: true,
            output: Some("o".into()),
            config: Some("c.toml".into()),
            skip: true,
            ..ImportRequest::default()
        };
        let recorded = ImportRequest {
            connection: Some("pbx".into()),
            config: Some("c.toml".into()),
            record: Some("traces".into()),
            ..ImportRequest::default()
        };
        for (line, request) in [
            ("import u.csv", DirectoryRequest::Import(import)),
            ("import --ldif - --output o --config c.toml --skip", DirectoryRequest::Import(ldif)),
            ("import --connection pbx --config c.toml --record traces", DirectoryRequest::Import(recorded)),
            ("check a b", DirectoryRequest::Check(these())),
            ("check --config c.toml", DirectoryRequest::Check(config())),
            ("list a b", DirectoryRequest::List(Listed::Users, these())),
            ("list --lines --config c.toml", DirectoryRequest::List(Listed::Lines, config())),
            ("list --devices a b", DirectoryRequest::List(Listed::Devices, these())),
            ("show alice a b", DirectoryRequest::Show("alice".into(), these())),
            ("show --config c.toml alice", DirectoryRequest::Show("alice".into(), config())),
        ] {
            assert_eq!(parsed(line), Ok(Request::Directory(request)), "{line}");
        }
        for (line, what) in [
            ("", "'import', 'check', 'list' or 'show' is missing"),
            ("--config c", "--config: must come after 'import', 'check', 'list' or 'show'"),
            ("import", "the table, or --ldif FILE, or --connection NAME, is missing"),
            ("import a --ldif b", "unexpected argument \"a\""),
            ("import a b", "unexpected argument \"b\""),
            ("import a --record d", "--connection NAME, which is recorded, is missing"),
            ("check", "the directory file, or --config FILE, is missing"),
            ("check --skip a", "invalid option '--skip'"),
            ("show --config c", "whom to show is missing"),
            ("list a --config c", "unexpected argument \"a\""),
            ("list --lines --devices a", "--devices is given twice"),
            ("drop a", "directory 'drop': expected 'import', 'check', 'list' or 'show'"),
        ] {
            assert_eq!(parsed(line).unwrap_err().what, what, "{line}");
        }
    }
}
