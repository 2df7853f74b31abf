//! The story of the demo: what people do from their clients and at their phones, and who must see it.

use super::cast::Who;

/// One step.
pub(super) struct Step {
    /// What happens, in a line for people.
    pub(super) says: &'static str,
    /// Whose client, phone system or gateway is told.
    pub(super) who: Who,
    /// What it is told.
    pub(super) line: &'static str,
    /// Who says what before the next step.
    pub(super) shows: &'static [(Who, &'static str)],
}

const fn step(
    says: &'static str,
    who: Who,
    line: &'static str,
    shows: &'static [(Who, &'static str)],
) -> Step {
    Step { says, who, line, shows }
}

/// The steps, in two acts: a call of two, and what else a desk phone does.
pub(super) const STEPS: &[Step] = &[
    step("Alice calls Bob: 1001 → 1002", Who::Alice, "call 1002", &[(Who::Bob, "event delivered")]),
    step("Bob answers", Who::Bob, "answer", &[(Who::Alice, "event established")]),
    step("Alice puts the call on hold", Who::Alice, "hold", &[(Who::Bob, "event held")]),
    step("Alice takes the call again", Who::Alice, "retrieve", &[(Who::Bob, "event retrieved")]),
    step(
        "Alice consults Carol about it: 1001 → 1003",
        Who::Alice,
        "consult 1003",
        &[(Who::Carol, "event delivered"), (Who::Alice, "event delivered")],
    ),
    step("Carol answers", Who::Carol, "answer", &[(Who::Alice, "event established")]),
    step(
        "Alice transfers Bob to Carol: 1002 → 1003",
        Who::Alice,
        "transfer",
        &[(Who::Bob, "event transfered"), (Who::Carol, "event transfered")],
    ),
    step(
        "Carol makes it a conference: 1003 → 1001",
        Who::Carol,
        "conference-with 1001",
        &[(Who::Alice, "event conferenced"), (Who::Bob, "event conferenced")],
    ),
    step("Alice answers, so that three talk", Who::Alice, "answer", &[(Who::Bob, "event established")]),
    step(
        "Bob's phone forwards by its key, and his client shows it: 1002 → 1004",
        Who::Phones,
        "forward 1002 1004",
        &[(Who::Bob, "event forwarding")],
    ),
    step(
        "A CTI connection dies in mid-call",
        Who::Phones,
        "fail link",
        &[(Who::Gateway, "name=cti_out_of_service"), (Who::Gateway, "name=cti_in_service")],
    ),
    step(
        "The calls go on: Alice still sees Bob and Carol",
        Who::Alice,
        "expect calls connected:1002+1003 2s",
        &[],
    ),
    step("Bob hangs up", Who::Bob, "hangup", &[(Who::Alice, "event connection-cleared")]),
    step("Alice hangs up", Who::Alice, "hangup", &[(Who::Carol, "event connection-cleared")]),
];
