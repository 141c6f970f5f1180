//! Times as origins write them: RFC 3339 text, or a number of seconds or milliseconds since 1970.

use serde_json::Value as Json;

use crate::fact::Timestamp;

/// Numbers from here on are milliseconds: as seconds this would be the year 5138, as milliseconds it is 1973.
const FIRST_MILLIS: f64 = 1e11;

/// The moment a JSON value stands for, if any.
pub(super) fn moment(json: &Json) -> Option<Timestamp> {
    match json {
        Json::String(text) => Timestamp::parse_rfc3339(text).ok(),
        Json::Number(number) => {
            let number = number.as_f64().filter(|number| number.is_finite())?;
            let millis = if number.abs() >= FIRST_MILLIS { number } else { number * 1000.0 };
            // Past what jiff can show (year 9999) it is no time but a wrong unit, such as nanoseconds.
            #[expect(clippy::cast_possible_truncation, reason = "bounded just before")]
            (millis.abs() < 253_402_300_800_000.0).then(|| Timestamp::from_millis(millis.round() as i64))
        }
        _ => None,
    }
}
