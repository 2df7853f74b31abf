//! Whose sign-in takes a turn of the connections in service.

use std::sync::Arc;

use ctigate_core::engine::Engine;
use ctigate_core::line::directory::Directory;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Bench, Client, PhoneSystem, Sip, only};

/// Line 1002 is on two hard phones and a soft phone.
const DIRECTORY: &str = "ctigate directory 1
line 1001
line 1002
device HARD1 kind=hard
device HARD2 kind=hard
device SOFT2 kind=soft
appearance 1001 HARD1 1
appearance 1002 HARD1 2
appearance 1002 HARD2 1
appearance 1002 SOFT2 1
user anne line=1001
user bert line=1002
user carl line=1001
user dave line=1002
user emma line=1001
user fred line=1002
user gwen line=1001
user hugh line=1002
";

#[test]
fn a_user_who_is_refused_over_and_over_takes_no_turns_from_others() {
    let settings = [
        ("directory.domains", Value::List(vec![Value::Text("example.com".into())])),
        ("directory.server", Value::Text("lcs".into())),
        ("cti.verify_line", Value::Flag(false)),
        ("cti.connection[1].address", Value::Text("127.0.0.1:4001".into())),
    ];
    let mut bench = Bench::of(&settings, |config, seed| {
        let directory = Directory::read(DIRECTORY, "test").expect("the directory can be read");
        Engine::new(config, seed).with_directory(Arc::new(directory))
    });
    PhoneSystem::answer_all(&mut bench);
    let rounds = [("bert", "anne"), ("dave", "carl"), ("fred", "emma"), ("hugh", "gwen")];
    for ((refused, served), sessions) in rounds.into_iter().zip([[1, 0], [1, 1], [2, 1], [2, 2]]) {
        only(&sign_in(&mut bench, refused, 1002), 485);
        only(&sign_in(&mut bench, served, 1001), 200);
        let bound: Vec<usize> = bench.engine().connections().map(|one| one.sessions).collect();
        assert_eq!(bound, sessions);
    }
}

fn sign_in(bench: &mut Bench, user: &str, line: usize) -> Vec<Sip> {
    let mut client = Client::of_line(bench, user, line);
    let body = client.sign_in_body();
    client.send(bench, "INVITE", &body)
}
