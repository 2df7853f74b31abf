//! Quirks 9 and 10: forms of headers and bodies.

use ctigate_core::Duration;
use ctigate_tests::Agent;

use super::story;

#[test]
fn quirk_9_header_names_may_be_compact_folded_and_of_any_case() {
    story(&[], |world, _| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        let body = alice.sign_in_body();
        let text = alice.compose("INVITE", "Supported: timer\r\n", &body);
        let text = text
            .replace("\r\nVia: ", "\r\nv :")
            .replace("\r\nFrom: ", "\r\nF: \"Liddell, <Alice>\"\r\n  ")
            .replace("\r\nTo: ", "\r\nt:")
            .replace("\r\nCall-ID: ", "\r\ni:")
            .replace("\r\nContact: ", "\r\nm:")
            .replace("\r\nCSeq: 1 INVITE", "\r\ncSEQ: 1\r\n\tINVITE")
            .replace("\r\nSupported: ", "\r\nk: ")
            .replace("\r\nContent-Type: ", "\r\nc: ")
            .replace("\r\nContent-Length: ", "\r\nl: ");
        alice.line.send(world, &text);
        world.run_for(Duration::from_secs(1))?;
        let received = alice.line.received(world);
        let answer = received.first().expect("an answer");
        assert_eq!((answer.status(), answer.element("systemStatus")), (200, "normal"), "{answer:?}");
        assert_eq!(answer.header("Session-Expires"), "1800;refresher=uac");
        Ok(())
    });
}

#[test]
fn quirk_9_the_answer_is_in_the_edition_the_client_used() {
    let host = ["http://www.ecma-international.org", "http://www.ecma.ch"];
    for edition in 2..=6 {
        for host in host {
            story(&[], |world, office| {
                let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
                alice.namespace = format!("{host}/standards/ecma-323/csta/ed{edition}");
                let named = format!("xmlns=\"{}\"", alice.namespace);
                let answer = alice.sign_in(world)?;
                assert!(answer.body().contains(&named), "{}", answer.body());
                assert!(alice.monitor(world)?.body().contains(&named));
                world.line(office.switches[0], "offhook 1001");
                world.run_for(Duration::from_secs(1))?;
                let events = alice.requests(world);
                assert!(!events.is_empty() && events.iter().all(|event| event.body().contains(&named)));
                Ok(())
            });
        }
    }
}

#[test]
fn quirk_9_prefixes_have_any_name_and_the_declaration_may_be_missing() {
    story(&[], |world, _| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        let body = format!(
            "<c:RequestSystemStatus xmlns:c=\"{}\"><c:extensions><c:privateData><c:private><q:line \
             xmlns:q=\"http://schemas.microsoft.com/Lcs/2005/04/RCCExtension\">{}</q:line></c:private>\
             </c:privateData></c:extensions></c:RequestSystemStatus>",
            alice.namespace, alice.uri
        );
        assert_eq!(alice.sign_in_with(world, "Supported: timer\r\n", &body)?.status(), 200);
        assert_eq!(alice.monitor(world)?.root(), "MonitorStartResponse");
        Ok(())
    });
}

#[test]
fn quirk_9_names_in_utf_8_and_unknown_elements_are_taken() {
    story(&[], |world, _| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        alice.more =
            "Subject: Zoë, “Zo”\r\nX-Unknown: Ü\r\nP-Asserted-Identity: \"Zoë\" <sip:alice@example.com>\r\n"
                .to_owned();
        let plain = alice.sign_in_body();
        let body =
            plain.replace("</extensions>", "<x:mystère xmlns:x=\"urn:x\">Zoë</x:mystère></extensions>");
        assert_eq!(alice.sign_in_with(world, "Supported: timer\r\n", &body)?.status(), 200);
        Ok(())
    });
}

#[test]
fn quirk_10_content_types_have_parameters_and_bodies_have_parts() {
    story(&[], |world, _| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        let body = alice.sign_in_body();
        let headers = "Supported: timer\r\nContent-Type: Application/CSTA+xml; charset=\"UTF-8\"\r\n";
        assert_eq!(alice.sign_in_with(world, headers, &body)?.status(), 200);
        let object = alice.monitor_object();
        let part = alice.document("MonitorStart", &object);
        let parts = format!(
            "--b1\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b1\r\nContent-Type: application/csta+xml\r\n\r\n{part}\r\n--b1--\r\n"
        );
        let answer = alice.ask(world, "INFO", "Content-Type: multipart/mixed;boundary=b1\r\n", &parts)?;
        assert_eq!((answer.status(), answer.root()), (200, "MonitorStartResponse"), "{answer:?}");
        Ok(())
    });
}
