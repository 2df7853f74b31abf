//! Login and rights at the real thing.

use ctigate_core::cti::asterisk::session::Refusal;
use ctigate_core::wire::ami::Rights;

use crate::house::House;
use crate::manager::Manager;

#[test]
fn users_log_in_by_challenge_and_their_rights_are_found() {
    let house = House::open("rights");
    let all = Rights::SYSTEM.or(Rights::CALL).or(Rights::ORIGINATE).or(Rights::REPORTING);
    assert_eq!(house.watch().rights(), all);
    let mut small = Manager::open(&house.manager(), "ctigate-small", "example").unwrap();
    assert_eq!(small.rights(), Rights::CALL.or(Rights::ORIGINATE));
    small.list();
    for (user, secret) in [("ctigate", "wrong"), ("nobody", "example")] {
        let refused = Manager::open(&house.manager(), user, secret).map(|_| ());
        assert_eq!(refused, Err(Refusal::Login), "{user}");
    }
}
