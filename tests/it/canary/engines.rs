//! Broken engines in the simulation of the whole system: each must be detected, with the right fault.

use ctigate_tests::simulate::{Canary, Run};
use ctigate_tests::world::Care;

/// The most seeds it may take.
const SEEDS: u64 = 60;

/// The first seed in which a broken engine shows a fault, and the fault.
fn caught(canary: Canary) -> (u64, String) {
    let found = (0..SEEDS).find_map(|seed| {
        let run = Run::of(seed).with(canary);
        let told = if canary == Canary::OutsideCounter { run.twice() } else { run.once(Care::Light) };
        told.err().map(|fault| (seed, fault.what))
    });
    found.unwrap_or((SEEDS, "nothing".to_owned()))
}

#[track_caller]
fn assert_caught(canary: Canary, words: &str) {
    let (seed, said) = caught(canary);
    assert!(said.contains(words), "{canary:?} should be caught by «{words}»; seed {seed} says: {said}");
    let healthy = Run::of(seed).once(Care::Light).err();
    assert!(healthy.is_none(), "seed {seed} accuses a healthy engine: {healthy:?}");
}

macro_rules! canaries {
    ($($name:ident: $canary:ident, $words:literal;)+) => {
        $(
            #[test]
            fn $name() {
                assert_caught(Canary::$canary, $words);
            }
        )+

        #[test]
        fn every_canary_has_its_test() {
            let tested = [$(Canary::$canary),+];
            assert_eq!(Canary::ALL, tested);
        }
    };
}

canaries! {
    a_lost_answer_is_caught: LostAnswer, "without an answer";
    a_request_answered_twice_is_caught: AnsweredTwice, "answered more than once";
    an_unfair_rotation_is_caught: UnfairRotation, "round robin is unfair";
    a_session_that_outlives_its_bye_is_caught: SessionLeak, "outlives its BYE";
    a_monitor_left_at_a_phone_system_is_caught: MonitorLeak, "monitors are left at a phone system";
    a_wake_up_for_nothing_is_caught: StaleWake, "a stale wake-up";
    an_event_to_the_wrong_session_is_caught: EventToWrongSession, "does not belong to";
    a_request_on_the_wrong_connection_is_caught: WrongConnection, "another connection than its session's";
    a_connection_id_used_twice_is_caught: ConnectionIdReused, "a connection ID is used twice";
    a_call_whose_end_is_forgotten_is_caught: ForgottenCall, "believes";
    a_cross_reference_id_used_twice_is_caught: SameReference, "a cross-reference ID is used twice";
    a_cross_reference_id_used_twice_in_a_dialog_is_caught: ReferenceReused, "a cross-reference ID is used twice";
    a_takeover_that_shows_no_calls_is_caught: TakeoverUnshown, "believes";
    a_beginning_that_is_not_shown_is_caught: BeginningUnshown, "believes";
    a_call_id_used_twice_is_caught: SameCall, "a call ID is used twice";
    a_session_that_leaves_a_connection_that_serves_is_caught: RestlessSession, "leaves a connection that serves";
    a_table_that_passes_its_limit_is_caught: PassedLimit, "a table passes its limit";
    an_engine_that_is_not_a_function_of_its_inputs_is_caught: OutsideCounter, "twice";
    a_transfer_that_swaps_its_calls_is_caught: SwappedOldCalls, "the wrong call as the first";
    an_old_call_that_stays_is_caught: OldCallKept, "other parties than there are";
    a_conference_of_which_nothing_is_told_is_caught: MergedCallDeaf, "believes";
    a_stale_call_id_that_is_accepted_is_caught: StaleCallAccepted, "a stale call ID is accepted";
    a_request_that_swaps_its_calls_is_caught: SwappedRequest, "exchanges the calls";
    a_request_about_two_lines_is_caught: ForeignConnection, "a connection of another line";
    a_transfer_that_is_not_told_to_all_is_caught: TransferUntold, "believes";
    a_party_forgotten_in_a_conference_is_caught: ForgottenParty, "other parties than there are";
    a_wrong_party_that_is_cleared_is_caught: WrongPartyCleared, "clears the wrong party";
    a_forwarding_told_to_the_wrong_line_is_caught: ForwardingToWrongLine, "does not belong to";
    a_consultation_whose_held_call_is_not_told_is_caught: HeldLost, "believes";
    a_parked_call_that_is_not_told_to_leave_is_caught: DivertedLost, "believes";
    a_setting_told_twice_is_caught: DisturbTwice, "was told of the settings";
    a_right_that_a_reload_leaves_is_caught: RightsKept, "controls a line its user may not";
    a_right_that_a_reload_takes_wrongly_is_caught: OthersEnded, "a reload ends a session whose user may";
    a_user_told_apart_by_case_is_caught: UserCase, "every client has service";
    a_selection_acknowledged_before_it_is_kept_is_caught: ChoiceUnkept, "an acknowledged selection is lost";
    a_selection_that_is_not_restored_is_caught: ChoiceForgotten, "an acknowledged selection is lost";
    a_selection_that_no_session_follows_is_caught: ChoiceUnfollowed, "not at the line appearance that its user means";
    calls_at_a_device_that_was_left_are_caught: OldDeviceKept, "believes";
}
