//! A dozen wrong configurations: nothing starts, and each complaint names place, key, value and bound.

use crate::program::{Folder, output};

const GOOD: &str = "[sip]\ntcp = [\"127.0.0.1:0\"]\n[[cti.connection]]\naddress = \"pbx:1040\"\n";

/// What is put in front of or behind a good configuration, and how the complaint begins behind the file's name.
const WRONG: [(&str, &str, &[&str]); 12] = [
    ("", "[limits]\nlinks = 0\n", &[":6:9: limits.links = 0: "]),
    ("", "[limits]\nlinks = \"many\"\n", &[":6:9: limits.links = \"many\": "]),
    ("", "[limits]\nlnks = 5\n", &[":6:8: limits.lnks"]),
    ("", "[log]\nformat = \"xml\"\n", &[":6:10: log.format = \"xml\": "]),
    ("", "[log]\nlevel = 3\n", &[":6:9: log.level = 3: "]),
    ("", "[[cti.connection]]\nname = \"b\"\n", &[":6:8: cti.connection[1].address: "]),
    (
        "",
        "[[cti.connection]]\naddress = \"no port\"\n",
        &[":6:11: cti.connection[1].address = \"no port\": "],
    ),
    ("", "[cti2]\na = 1.5\n", &[":6:5: cti2.a"]),
    ("", "[sip]\n", &[":5:2: this is not TOML: duplicate key"]),
    ("oops\n", "", &[":1:5: this is not TOML: "]),
    ("top = true\n", "", &[":1:7: top = true: "]),
    (
        "",
        "[limits]\nlinks = 0\nsessions = 0\nheaders = 1\n",
        &[":6:9: limits.links", ":7:12: limits.sessions", ":8:11: limits.headers"],
    ),
];

#[test]
fn a_wrong_configuration_is_refused_with_everything_that_is_wrong() {
    let folder = Folder::new("check");
    for (place, (before, behind, wanted)) in WRONG.iter().enumerate() {
        let file = folder.write(&format!("{place}.toml"), &format!("{before}{GOOD}{behind}"));
        let (status, out, err) = output(&["check", "--config", &file]);
        assert_eq!((status, out.as_str()), (1, ""), "{behind}");
        let lines: Vec<&str> = err.lines().collect();
        assert_eq!(lines.len(), wanted.len(), "{err}");
        for (line, wanted) in lines.iter().zip(*wanted) {
            assert!(line.starts_with(&format!("{file}{wanted}")), "{line}, not {wanted}");
        }
        assert_eq!(output(&["run", "--config", &file]), (1, String::new(), err), "run says the same");
    }
}
