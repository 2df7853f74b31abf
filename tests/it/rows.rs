//! A test for each relayed service: it keeps the rules of its row. The documents are made from the row.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

use ctigate_core::wire::csta::services::{Served, all, named};

mod answers;
mod desk;
mod editions;
mod filters;
mod hostile;
mod late;
mod limits;
mod partial;
mod private;
mod rewritten;
mod rules;
mod samples;
mod snapshots;

use desk::Desk;

/// Everything that must hold for one service.
fn keeps_its_rules(root: &str) {
    let service = named(root).expect("a service of that name");
    // What edition 6 added is only written to clients of that edition.
    let edition = service.since.max(3);
    let mut desk = Desk::with_calls(edition, edition);
    rules::is_listed(&mut desk, service);
    rules::another_line_is_refused(&mut desk, service);
    rules::what_is_missing_or_unreadable_is_refused(&mut desk, service);
    rules::a_request_reaches_the_phone_system_and_its_response_the_client(&mut desk, service);
    rules::the_least_request_and_response_are_enough(&mut desk, service);
    rules::the_phone_system_s_error_reaches_the_client(&mut desk, service);
    rules::what_is_no_response_is_an_error(&mut desk, service);
    rules::an_event_waits_behind_a_response_that_announces(&mut desk, service);
    rules::foreign_calls_are_the_administrator_s_choice(service);
    rules::is_neither_listed_nor_served_where_the_link_has_it_not(edition, service);
}

macro_rules! rows {
    ($($name:ident: $root:literal,)+) => {
        /// The services that have a test.
        const TESTED: &[&str] = &[$($root),+];

        $(
            #[test]
            fn $name() {
                keeps_its_rules($root);
            }
        )+
    };
}

rows! {
    get_logical_device_information: "GetLogicalDeviceInformation",
    get_physical_device_information: "GetPhysicalDeviceInformation",
    get_switching_function_devices: "GetSwitchingFunctionDevices",
    snapshot_call: "SnapshotCall",
    accept_call: "AcceptCall",
    alternate_call: "AlternateCall",
    answer_call: "AnswerCall",
    call_back: "CallBack",
    call_back_message: "CallBackMessage",
    campon_call: "CamponCall",
    clear_call: "ClearCall",
    clear_connection: "ClearConnection",
    conference_call: "ConferenceCall",
    consultation_call: "ConsultationCall",
    deflect_call: "DeflectCall",
    dial_digits: "DialDigits",
    directed_pickup_call: "DirectedPickupCall",
    group_pickup_call: "GroupPickupCall",
    hold_call: "HoldCall",
    intrude_call: "IntrudeCall",
    join_call: "JoinCall",
    make_call: "MakeCall",
    make_connection: "MakeConnection",
    make_predictive_call: "MakePredictiveCall",
    park_call: "ParkCall",
    reconnect_call: "ReconnectCall",
    retrieve_call: "RetrieveCall",
    send_message: "SendMessage",
    single_step_conference_call: "SingleStepConferenceCall",
    single_step_transfer_call: "SingleStepTransferCall",
    transfer_call: "TransferCall",
    associate_data: "AssociateData",
    cancel_telephony_tones: "CancelTelephonyTones",
    change_connection_information: "ChangeConnectionInformation",
    generate_digits: "GenerateDigits",
    generate_telephony_tones: "GenerateTelephonyTones",
    send_user_information: "SendUserInformation",
    button_press: "ButtonPress",
    get_auditory_apparatus_information: "GetAuditoryApparatusInformation",
    get_button_information: "GetButtonInformation",
    get_display: "GetDisplay",
    get_hookswitch_status: "GetHookswitchStatus",
    get_lamp_information: "GetLampInformation",
    get_lamp_mode: "GetLampMode",
    get_message_waiting_indicator: "GetMessageWaitingIndicator",
    get_microphone_gain: "GetMicrophoneGain",
    get_microphone_mute: "GetMicrophoneMute",
    get_ringer_status: "GetRingerStatus",
    get_speaker_mute: "GetSpeakerMute",
    get_speaker_volume: "GetSpeakerVolume",
    set_button_information: "SetButtonInformation",
    set_display: "SetDisplay",
    set_hookswitch_status: "SetHookswitchStatus",
    set_lamp_mode: "SetLampMode",
    set_message_waiting_indicator: "SetMessageWaitingIndicator",
    set_microphone_gain: "SetMicrophoneGain",
    set_microphone_mute: "SetMicrophoneMute",
    set_ringer_status: "SetRingerStatus",
    set_speaker_mute: "SetSpeakerMute",
    set_speaker_volume: "SetSpeakerVolume",
    call_back_non_call_related: "CallBackNonCallRelated",
    call_back_message_non_call_related: "CallBackMessageNonCallRelated",
    cancel_call_back: "CancelCallBack",
    cancel_call_back_message: "CancelCallBackMessage",
    get_agent_state: "GetAgentState",
    get_auto_answer: "GetAutoAnswer",
    get_auto_work_mode: "GetAutoWorkMode",
    get_call_back: "GetCallBack",
    get_caller_id_status: "GetCallerIDStatus",
    get_do_not_disturb: "GetDoNotDisturb",
    get_forwarding: "GetForwarding",
    get_last_number_dialed: "GetLastNumberDialed",
    get_routeing_mode: "GetRouteingMode",
    set_agent_state: "SetAgentState",
    set_auto_answer: "SetAutoAnswer",
    set_auto_work_mode: "SetAutoWorkMode",
    set_caller_id_status: "SetCallerIDStatus",
    set_do_not_disturb: "SetDoNotDisturb",
    set_forwarding: "SetForwarding",
    set_routeing_mode: "SetRouteingMode",
}

#[test]
fn every_relayed_service_has_a_test_and_nothing_else_has() {
    let relayed = all().iter().filter(|service| service.served == Served::Relayed);
    assert_eq!(relayed.map(|service| service.root).collect::<Vec<_>>(), TESTED);
}
