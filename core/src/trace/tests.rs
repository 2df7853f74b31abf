use super::*;
use alloc::boxed::Box;
use alloc::string::ToString as _;
use alloc::sync::Arc;
use alloc::{format, vec};

use crate::action::{Actions, Level};
use crate::config::{DirectoryVersion, Reload};
use crate::input::{Closed, Command, Input, LinkId, Listen, ListenerId, Peer, Taken};
use crate::line::directory::Directory;
use crate::machine::{Machine, Wake};
use crate::pump::{NoEffects, Pump, Recorder as _};
use crate::reply::{Refusal, StoreFault, Token};
use crate::secret::{Fill, Filling, SecretId};
use crate::time::Instant;

/// Echoes each line it is sent, at most one per step, and has one of every other action.
#[derive(Default)]
struct Echo {
    seen: u64,
    /// For tests: answers in upper case from this many bytes on.
    shouts_after: Option<u64>,
}

impl Machine for Echo {
    fn listens(&self) -> Vec<Listen> {
        Vec::new()
    }

    fn step(&mut self, _now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        match input {
            Input::Bytes { link, bytes } => {
                let taken = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
                let mut answer = bytes[..taken].to_vec();
                self.seen += u64::try_from(taken).unwrap();
                if self.shouts_after.is_some_and(|limit| self.seen > limit) {
                    answer.make_ascii_uppercase();
                }
                actions.write(link, &answer);
                return Taken(taken);
            }
            Input::Datagram { listener, peer, bytes } => actions.send_datagram(listener, peer, bytes),
            Input::Opened { link, peer } => {
                actions.notify(Level::Info, "opened", &[("peer", &peer.address), ("odd", &"a \"b\"\\\n")]);
                actions.connect(LinkId::new(link.number() + 1), "pbx:1040");
                for filling in [Filling::Xml { length_at: 0 }, Filling::Md5 { challenge: u64::MAX }] {
                    let fill = |out: &mut Vec<u8>| {
                        out.extend_from_slice(b"Key: \r\n");
                        Ok::<_, Refusal>(Fill { secret: SecretId(3), at: out.len() - 2, filling })
                    };
                    assert_eq!(actions.try_write_secret_with(link, fill), Ok(()));
                }
                actions.close(link);
            }
            Input::Command { token, command: Command::Select { user, choice } } => {
                actions.persist(Token::new(8), format_args!("{user}"), format_args!("{choice}"));
                actions.reply(token, Err(Refusal::Ending));
            }
            Input::Restored { key, value } => {
                actions.persist(Token::new(9), format_args!("{value}"), format_args!("{key}"));
            }
            Input::Persisted { token, result } => actions.reply(Some(token), result.map_err(Refusal::Unkept)),
            Input::Command { command: Command::Line(line), .. } => actions.print(format_args!("said {line}")),
            Input::Command { command: Command::End, .. } => actions.print(format_args!("")),
            Input::Command { command: Command::Undrain, .. } => actions.print(format_args!("said undrain")),
            Input::Command { command: Command::Redial(index), .. } => {
                actions.print(format_args!("said redial {index}"));
            }
            Input::Command { command: Command::Drain, .. } => actions.print(format_args!("said drain")),
            Input::Command { token, command: Command::Reload(reload) } => {
                actions.print(format_args!("{:?} {:?}", reload.settings(), reload.directory().is_some()));
                actions.reply(token, Ok(()));
            }
            Input::Command { command: Command::Stop, .. } => actions.finish(3),
            Input::Tick | Input::Listening { .. } | Input::Closed { .. } | Input::Clock { .. } => {
                actions.notify(Level::Debug, "noted", &[]);
            }
        }
        Taken(0)
    }

    fn next_wake(&self) -> Option<Wake> {
        None
    }

    fn digest(&mut self) -> u64 {
        self.seen
    }

    fn full_digest(&self) -> u64 {
        self.seen
    }
}

const ANY_BYTES: &[u8] = b"@1 tick\n\n> write #1 3\r\n=\0\xff\xfe\\ \xc3\xbc\r\r\n\n| x\n+ y\nend\n#";

fn header() -> Header {
    let settings = ["sip.tcp = [\"127.0.0.1:5060\"]", "sip.domain = \"a \\\"b\\\"\""];
    let settings = settings.iter().map(|line| crate::setting::read_line(line).unwrap()).collect();
    Header { comment: vec![" why".into()], ..Header::new("echo", Seed::from_number(7), settings) }
}

fn inputs() -> Vec<Input<'static>> {
    let (peer, local) = ("192.0.2.1:4".parse().unwrap(), "[::1]:5060".parse().unwrap());
    let listener = Some(ListenerId::new(1));
    let link = LinkId::new(1);
    let mut inputs = vec![
        Input::Clock { unix_micros: 1_700_000_000_000_000 },
        Input::Listening { listener: ListenerId::new(1), address: local },
        Input::Opened { link, peer: Peer { address: peer, local, listener } },
        Input::Opened { link: LinkId::new(2), peer: Peer { address: peer, local, listener: None } },
        Input::Bytes { link, bytes: ANY_BYTES },
        Input::Bytes { link, bytes: b"" },
        Input::Datagram { listener: ListenerId::new(0), peer, bytes: ANY_BYTES },
        Input::Datagram { listener: ListenerId::new(0), peer, bytes: b"" },
        Input::Tick,
        Input::from(Command::Line(" call\t\"1002\"\n\\ \u{fc}")),
        Input::from(Command::Line("")),
        Input::from(Command::End),
        Input::from(Command::Drain),
        Input::from(Command::Undrain),
        Input::from(Command::Redial(7)),
    ];
    for (user, choice) in
        [("alice", "SEP0002FD3BB5C5:1"), ("", ""), ("-", "-"), (" a b\n\\", " \u{fc} "), ("7", "7")]
    {
        let command = Command::Select { user, choice };
        inputs.extend(
            [Some(Token::new(7)), Some(Token::new(u64::MAX)), None]
                .map(|token| Input::Command { token, command }),
        );
        inputs.push(Input::Restored { key: user, value: choice });
    }
    inputs.push(Input::Command { token: Some(Token::new(0)), command: Command::Line("7 line") });
    let results = StoreFault::ALL.map(Err).into_iter().chain([Ok(())]);
    inputs.extend(results.map(|result| Input::Persisted { token: Token::new(8), result }));
    inputs.extend(Closed::ALL.map(|why| Input::Closed { link, why }));
    inputs.push(Input::from(Command::Stop));
    inputs
}

type Recorded = Pump<Echo, TraceRecorder>;

fn pump(form: Form) -> Recorded {
    Pump::new(Echo::default(), TraceRecorder::new(header(), form, Digests::Every))
}

fn feed(pump: &mut Recorded, inputs: Vec<Input<'_>>, from: u64) {
    for (micros, input) in (from..).zip(inputs) {
        pump.input(Instant::from_micros(micros * 1_000), input, &mut NoEffects);
    }
}

fn record(form: Form) -> Vec<u8> {
    let mut pump = pump(form);
    feed(&mut pump, inputs(), 0);
    pump.into_parts().1.finish()
}

#[expect(clippy::unnecessary_wraps, reason = "what replay wants")]
fn echo(_: &Header) -> Result<Box<dyn Machine>, Vec<ConfigError>> {
    Ok(Box::new(Echo::default()))
}

fn two_segments(form: Form) -> [Vec<u8>; 2] {
    let mut pump = pump(form);
    feed(&mut pump, inputs(), 0);
    let mut first = Vec::new();
    pump.recorder_mut().end_segment();
    pump.recorder_mut().take_pending(&mut first);
    pump.recorder_mut().begin_segment();
    feed(&mut pump, inputs(), 100);
    let mut second = Vec::new();
    pump.recorder_mut().take_pending(&mut second);
    second.extend(pump.into_parts().1.finish());
    [first, second]
}

#[test]
fn what_was_recorded_replays_in_both_forms() {
    for form in [Form::Verbatim, Form::Escaped] {
        let trace = record(form);
        let summary = replay(&[&trace], echo).unwrap();
        assert!(summary.steps > u64::try_from(inputs().len()).unwrap(), "lines are steps of their own");
        assert_eq!(summary.digests, summary.steps);
        assert_eq!((summary.cut, summary.other_build), (None, None));
    }
}

#[test]
fn a_trace_reads_back_as_what_went_in() {
    for form in [Form::Verbatim, Form::Escaped] {
        let trace = record(form);
        let text = String::from_utf8_lossy(&trace);
        for filling in ["length_at 0 xml", "challenge 18446744073709551615 md5"] {
            assert!(text.contains(&format!("secret 3 at 5 {filling}")), "{text}");
        }
        let mut reader = Reader::new(&trace, 1).unwrap();
        assert_eq!(*reader.header(), header());
        let mut read = Vec::new();
        while let Some(step) = reader.next_step().unwrap() {
            read.push(step);
        }
        assert!(reader.is_ended());
        let mut bytes = Vec::new();
        let mut others = Vec::new();
        for step in &read {
            if let Input::Bytes { bytes: part, .. } = step.input.as_input() {
                bytes.extend_from_slice(part);
            } else {
                others.push(step.input.as_input());
            }
        }
        assert_eq!(bytes, ANY_BYTES);
        let expected: Vec<_> =
            inputs().into_iter().filter(|input| !matches!(input, Input::Bytes { .. })).collect();
        assert_eq!(others, expected);
    }
}

#[test]
fn the_escaped_form_can_be_read_by_people() {
    let mut pump = pump(Form::Escaped);
    pump.recorder_mut().comment(" Bytes come.\n And go.");
    let bytes = b"OPTIONS\r\n";
    feed(&mut pump, vec![Input::Bytes { link: LinkId::new(1), bytes }, Input::from(Command::Line("x"))], 1);
    let trace = String::from_utf8(pump.into_parts().1.finish()).unwrap();
    let (head, steps) = trace.split_once("\n\n").unwrap();
    assert_eq!(
        head.replace(BUILD, "BUILD").replace(VERSION, "VERSION"),
        format!(
            "ctigate trace 2\n# why\nversion VERSION\nbuild BUILD\nmachine echo\nseed 07{}\n\
             setting sip.tcp = [\"127.0.0.1:5060\"]\nsetting sip.domain = \"a \\\"b\\\"\"\nsegment 1",
            "0".repeat(62)
        )
    );
    let expected = "# Bytes come.\n# And go.\n@1000 bytes #1\n| OPTIONS\n|\n> write #1\n| OPTIONS\n|\n\
                    =0000000000000009\n\n@2000 command line x\n> print said x\n=0000000000000009\n\nend\n";
    assert_eq!(steps, expected);
}

#[test]
fn the_verbatim_form_keeps_bytes_behind_their_count() {
    let trace = record(Form::Verbatim);
    let expected = [b"bytes #1 9\n\n> write #1 9\n".as_slice()].concat();
    assert!(!trace.windows(expected.len()).any(|window| window == expected), "lines are cut at line ends");
    let expected: &[u8] = b"bytes #1 8\n@1 tick\n\n> write #1 8\n@1 tick\n\n=";
    assert!(trace.windows(expected.len()).any(|window| window == expected));
}

#[test]
fn a_difference_names_its_line_and_both_sides() {
    let trace = record(Form::Verbatim);
    let loud = |_: &Header| -> Result<Box<dyn Machine>, Vec<ConfigError>> {
        let end = u64::try_from(ANY_BYTES.len() - b"end\n#".len()).unwrap();
        Ok(Box::new(Echo { shouts_after: Some(end), ..Echo::default() }))
    };
    let error = replay(&[&trace], loud).unwrap_err();
    let ReplayError::Difference(difference) = error else { panic!("{error}") };
    let text = String::from_utf8_lossy(&trace).into_owned();
    let line = text.lines().nth(difference.line - 1).unwrap();
    assert!(line.starts_with("> write #1"), "{line}");
    assert_eq!(difference.recorded, "write #1, byte 0 of 4: end\\n");
    assert_eq!(difference.replayed, "write #1, byte 0 of 4: END\\n");
}

#[test]
fn actions_too_many_and_too_few_are_differences() {
    let trace = String::from_utf8(record(Form::Escaped)).unwrap();
    let line = "> print said x\n";
    for (edited, recorded, replayed) in [
        (trace.replace("> finish 3\n", ""), "nothing more", "finish 3"),
        (trace.replace("> finish 3\n", &format!("> finish 3\n{line}")), "print said x", "nothing more"),
        (trace.replace("> finish 3\n", "> finish 4\n"), "finish 4", "finish 3"),
    ] {
        let error = replay(&[edited.as_bytes()], echo).unwrap_err();
        let ReplayError::Difference(difference) = error else { panic!("{error}") };
        assert_eq!((difference.recorded.as_str(), difference.replayed.as_str()), (recorded, replayed));
    }
}

#[test]
fn another_build_compares_actions_and_not_states() {
    let trace = String::from_utf8(record(Form::Escaped)).unwrap();
    let (before, after) = trace.rsplit_once("\n=0").unwrap();
    let wrong_state = format!("{before}\n=1{after}");
    assert!(matches!(replay(&[wrong_state.as_bytes()], echo), Err(ReplayError::Difference(_))));
    let other = wrong_state.replace(BUILD, "any");
    let summary = replay(&[other.as_bytes()], echo).unwrap();
    assert_eq!((summary.digests, summary.other_build.as_deref()), (0, Some("any")));
    assert!(summary.to_string().contains("states were not compared"));
}

#[test]
fn a_trace_cut_anywhere_never_reads_as_whole() {
    for form in [Form::Verbatim, Form::Escaped] {
        let trace = record(form);
        for length in 0..trace.len() {
            match replay(&[&trace[..length]], echo) {
                Ok(summary) => assert!(summary.cut.is_some(), "cut at {length}"),
                Err(ReplayError::Read(error)) => assert!(error.line > 0),
                Err(error) => panic!("cut at {length}: {error}"),
            }
        }
    }
}

#[test]
fn an_edited_recording_is_found_out_wherever_it_was_edited() {
    let trace = record(Form::Verbatim);
    let start = trace.windows(2).position(|window| window == b"\n\n").unwrap();
    for index in start..trace.len() {
        let mut edited = trace.clone();
        edited[index] ^= 1;
        assert!(replay(&[&edited], echo).is_err(), "byte {index}");
    }
}

#[test]
fn segments_are_chained() {
    for form in [Form::Verbatim, Form::Escaped] {
        let [first, second] = two_segments(form);
        let summary = replay(&[&first, &second], echo).unwrap();
        assert_eq!((summary.segments, summary.cut), (2, None));
        let what = |segments: &[&[u8]]| match replay(segments, echo) {
            Err(ReplayError::Read(error)) => error.what,
            other => panic!("{other:?}"),
        };
        assert_eq!(what(&[]), "there is no trace to read");
        assert_eq!(what(&[&second]), "segment 1 is missing before segment 2");
        assert_eq!(what(&[&second, &first]), "segment 1 is missing before segment 2");
        assert_eq!(what(&[&first, &first]), "segment 1 is out of order: segment 2 was expected");
        let cut = &first[..=first.windows(5).rposition(|window| window == b"\n\nend").unwrap()];
        assert_eq!(what(&[cut, &second]), "segment 1 is cut short: its end mark is missing");
        let edited: Vec<u8> = String::from_utf8_lossy(&first).replace("# why", "# who").into_bytes();
        let found = what(&[&edited, &second]);
        assert!(found.contains("edited"), "{found}");
        let seed = format!("seed 07{}", "0".repeat(62));
        let other = String::from_utf8_lossy(&second).replace(&seed, &seed.replace("07", "08")).into_bytes();
        assert_eq!(what(&[&first, &other]), "segment 2 belongs to another run");
    }
}

#[test]
fn what_is_no_trace_is_refused_with_its_line() {
    let good = String::from_utf8(record(Form::Escaped)).unwrap();
    let seed = format!("seed 07{}", "0".repeat(62));
    for (edited, line, what) in [
        (String::new(), 1, "this is not a trace: its first line is not «ctigate trace 2»"),
        (good.replace("machine echo", "engine echo"), 5, "expected a header line, not «engine»"),
        (good.replace(&seed, "seed 07"), 6, "the seed must be 64 hexadecimal digits"),
        (good.replace("segment 1\n", "segment 0\n"), 9, "a segment's number must follow"),
        (good.replace("@0 clock", "@x clock"), 11, "expected microseconds after the @"),
        (good.replace("@0 clock", "0 clock"), 11, "expected a step, which begins with @, or the end"),
        (good.replace("@0 clock", "@0 clack"), 11, "expected an input, not «clack 1700000000000000»"),
        (
            good.replacen("> notify debug noted", "> notify loud noted", 1),
            12,
            "expected an action, not «notify loud noted»",
        ),
        (
            good.replacen("> notify debug noted", "notify debug noted", 1),
            12,
            "expected an action, a digest or an empty line, not «notify debug noted»",
        ),
    ] {
        let error = replay(&[edited.as_bytes()], echo).unwrap_err();
        let expected = ReadError { segment: 1, line, what: what.into() };
        assert_eq!(error, ReplayError::Read(expected));
    }
}

#[test]
fn a_rerun_keeps_comments_and_says_where_it_parts() {
    let mut pump = pump(Form::Verbatim);
    pump.recorder_mut().comment(" First.");
    feed(&mut pump, inputs(), 0);
    let old = pump.into_parts().1.finish();
    let form = (Form::Escaped, Digests::Every);
    let same = rerun(&[&old], header(), form, |input| input, echo).unwrap();
    assert_eq!(same.parted, None);
    let text = String::from_utf8(same.trace).unwrap();
    assert!(text.contains("\n\n# First.\n@0 clock"), "{text}");
    assert_eq!(replay(&[text.as_bytes()], echo).unwrap().steps, same.steps);
    let stop = RecordedInput::Command { token: None, command: RecordedCommand::Stop };
    let stop_less = |input| if input == stop { RecordedInput::Tick } else { input };
    let parted = rerun(&[&old], header(), form, stop_less, echo).unwrap();
    assert!(replay(&[&parted.trace], echo).is_ok());
    let (segment, line) = parted.parted.unwrap();
    let line = String::from_utf8_lossy(&old).lines().nth(line - 1).unwrap().to_string();
    assert_eq!((segment, line.as_str()), (1, "@50000 command stop"));
}

#[test]
fn recording_in_portions_is_recording_as_a_whole() {
    let mut pump = pump(Form::Verbatim);
    let mut whole = Vec::new();
    let mut portion = Vec::new();
    for (micros, input) in inputs().into_iter().enumerate() {
        pump.input(Instant::from_micros(u64::try_from(micros).unwrap() * 1_000), input, &mut NoEffects);
        pump.recorder_mut().take_pending(&mut portion);
        whole.extend_from_slice(&portion);
        assert_eq!(pump.recorder_mut().segment_bytes(), u64::try_from(whole.len()).unwrap());
    }
    whole.extend(pump.into_parts().1.finish());
    assert_eq!(whole, record(Form::Verbatim));
}

#[test]
fn what_is_written_behind_others_is_the_same_trace() {
    let mut pump = pump(Form::Verbatim);
    let mut whole = Vec::new();
    for (micros, input) in inputs().into_iter().enumerate() {
        pump.input(Instant::from_micros(u64::try_from(micros).unwrap() * 1_000), input, &mut NoEffects);
        pump.recorder_mut().write_behind(&mut whole, |recorder| recorder.comment(" between steps"));
        assert_eq!(pump.recorder_mut().segment_bytes(), u64::try_from(whole.len()).unwrap());
        assert_eq!(pump.recorder_mut().pending(), b"");
    }
    pump.recorder_mut().write_behind(&mut whole, TraceRecorder::end_segment);
    assert_eq!(whole.windows(15).filter(|bytes| *bytes == b"\n# between step").count(), inputs().len());
    let mut trace = Trace::open(&[&whole]).unwrap();
    while trace.next_step().unwrap().is_some() {}
    assert_eq!(trace.cut(), None);
}

#[test]
fn fingerprints_become_rarer_up_to_a_bound() {
    let digests = Digests::Thinning { from: 2, to: 7 };
    let mut recorder = TraceRecorder::new(header(), Form::Verbatim, digests);
    let wanted: Vec<_> = (1..=30).filter(|_| recorder.wants_digest()).collect();
    assert_eq!(wanted, [2, 6, 13, 20, 27]);
}

#[test]
fn nothing_is_recorded_after_the_end() {
    let mut pump = pump(Form::Verbatim);
    pump.recorder_mut().end_segment();
    let ended = pump.recorder_mut().pending().to_vec();
    feed(&mut pump, inputs(), 0);
    assert_eq!(pump.recorder_mut().pending(), ended);
}

#[test]
fn a_trace_of_the_earlier_format_is_refused_and_not_taken_for_an_edited_one() {
    let trace = String::from_utf8_lossy(&record(Form::Verbatim)).replacen(MAGIC, "ctigate trace 1", 1);
    let error = Reader::new(trace.as_bytes(), 1).unwrap_err();
    assert_eq!(error.to_string(), "line 1: this is not a trace: its first line is not «ctigate trace 2»");
}

#[test]
fn a_reload_is_read_as_it_was_recorded_once_its_directory_is_found() {
    let directory = Directory::read("ctigate directory 1\nuser alice\n", "test").unwrap();
    let directory = Arc::new(directory);
    let lines = [
        "sip.tcp = [\"127.0.0.1:5060\"]",
        "sip.domain = \"example.com\"",
        "cti.connection[0].address = \"pbx:1\"",
    ];
    let settings: Vec<_> = lines.iter().map(|line| crate::setting::read_line(line).unwrap()).collect();
    let listed = Reload::new(settings.clone(), Some(Arc::clone(&directory))).unwrap();
    let open = Reload::new(settings, None).unwrap();
    for form in [Form::Verbatim, Form::Escaped] {
        let version = Some(DirectoryVersion::from(Arc::clone(&directory)));
        let header = Header { directory: version, ..header() };
        let recorder = TraceRecorder::new(header, form, Digests::Every);
        let mut pump = Pump::new(Echo::default(), recorder);
        let inputs =
            [(&listed, Some(Token::new(7))), (&open, None), (&listed, None), (&open, Some(Token::new(0)))];
        for (reload, token) in inputs {
            let input = Input::Command { token, command: Command::Reload(reload) };
            pump.input(Instant::ZERO, input, &mut NoEffects);
        }
        let trace = pump.into_parts().1.finish();
        let text = String::from_utf8_lossy(&trace).into_owned();
        assert!(text.contains(&format!("\ndirectory {:032x}\nsegment 1", directory.hash())), "{text}");
        let mut opened = Trace::open(&[&trace]).unwrap();
        for (reload, token) in inputs {
            let RecordedInput::Command { token: other, command: RecordedCommand::Reload(read) } =
                opened.next_step().unwrap().unwrap().input
            else {
                panic!("{text}")
            };
            assert_eq!((&*read, other), (reload, token));
        }
        let mut find = |hash| (hash == directory.hash()).then(|| Arc::clone(&directory));
        assert_eq!(replay_with(&[&trace], &mut find, echo).unwrap().steps, 4);
        let missing = replay(&[&trace], echo).unwrap_err();
        assert_eq!(missing, ReplayError::NoDirectory(directory.hash()));
        assert!(missing.to_string().contains(&directory_file(directory.hash())), "{missing}");
    }
}
