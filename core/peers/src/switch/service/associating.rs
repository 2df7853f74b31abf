//! Data that are associated with a call (ECMA-269, Associate Data).

use alloc::string::String;

use ctigate_core::wire::csta::errors::CstaError;
use ctigate_core::wire::csta::relayed::Relayed;

use super::Outcome;
use super::calls::Meant;
use super::system::error;
use crate::switch::phones::{Data, Form, MAX_OCTETS, Phones, Refusal, Sort};
use crate::switch::{Step, Switch, To};

impl Switch {
    /// Associate Data. What is left out stays as it is.
    pub(super) fn associate_data(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        for member in ["callCharacteristics", "deviceInfo"] {
            if asked.has(member) {
                return Err(error("operation", "parameterNotSupported"));
            }
        }
        let data = Data::read(|sort| datum(asked, sort))?;
        if data.present().next().is_none() {
            return Err(error("operation", "atLeastOneConditionalParameterNotProvided"));
        }
        let meant = Meant {
            member: "existingCall",
            call: |phones: &Phones, phone| phones.to_clear(phone),
            none: Refusal::NothingActive,
        };
        self.with_call(step, to, asked, &meant, |phones, _, call, phone, told| {
            phones.associate(call, phone, data, told)
        })
    }
}

/// What a request brings of one sort.
fn datum(asked: &Relayed<'_>, sort: &Sort) -> Result<Option<String>, CstaError> {
    let text = match sort.form {
        Form::Octets | Form::Text => asked.text(sort.member),
        Form::Within(inner) => {
            let text = asked.text_within(sort.member, inner);
            if text.is_none() && asked.has(sort.member) {
                return Err(error("operation", "correlatorDataNotSupported"));
            }
            text
        }
    };
    let Some(text) = text.map(str::trim) else { return Ok(None) };
    let is_octets = text.len() % 2 == 0 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match sort.form {
        Form::Text if text.len() <= MAX_OCTETS => Ok(Some(text.into())),
        Form::Octets | Form::Within(_) if is_octets && text.len() <= 2 * MAX_OCTETS => {
            Ok(Some(text.to_ascii_uppercase()))
        }
        Form::Octets | Form::Within(_) | Form::Text => Err(error("operation", sort.invalid)),
    }
}
