//! Checking a chain: record after record, around what does not fit, so that every place is named.

use super::{
    chain::{Head, link},
    hash::{Hash, hex},
    record::AuditRecord,
};
use crate::fact::Timestamp;

/// Findings that are told one by one; of more, how many.
const MOST: usize = 200;

/// Something that does not fit, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFinding {
    /// A stable code: `altered missing out_of_place entry_altered entry_missing unrecorded truncated rewritten unexpected log_damaged`.
    pub code: &'static str,
    /// The record it is about, or the first of them.
    pub record: Option<u64>,
    /// The last of them.
    pub to: Option<u64>,
    /// When the record says it was made.
    pub at: Option<Timestamp>,
    /// What is wrong.
    pub what: String,
}

/// How a chain was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// How far it has come: the highest number that was found, and the hash there.
    pub head: Head,
    /// Records that were found.
    pub found: u64,
    /// Where the expected head was found, if one was expected and found.
    pub expected_at: Option<u64>,
    /// The head that was kept elsewhere.
    pub kept: Option<Head>,
    /// What does not fit, in order.
    pub findings: Vec<AuditFinding>,
    /// Findings that are not told one by one.
    pub more: u64,
}

/// A check under way.
#[derive(Debug)]
pub struct Verifier {
    last: Head,
    found: u64,
    expect: Option<Hash>,
    expected_at: Option<u64>,
    kept: Option<Head>,
    /// What the hash of the last record should be, where it is not.
    meant: Option<Hash>,
    /// The hash at the number of the kept head.
    at_kept: Option<Hash>,
    findings: Vec<AuditFinding>,
    more: u64,
}

impl Verifier {
    /// Of a chain that begins here, with the head that somebody noted down and the one that was kept elsewhere.
    #[must_use]
    pub fn new(genesis: Head, expect: Option<Hash>, kept: Option<Head>) -> Self {
        Self {
            last: genesis,
            found: 0,
            expect,
            expected_at: expect.filter(|expect| *expect == genesis.hash).map(|_| 0),
            kept,
            meant: None,
            at_kept: kept.filter(|kept| kept.count == 0).map(|_| genesis.hash),
            findings: Vec::new(),
            more: 0,
        }
    }

    /// Says something that was found beside the chain.
    pub fn say(&mut self, code: &'static str, record: Option<u64>, at: Option<Timestamp>, what: String) {
        self.find(AuditFinding { code, record, to: None, at, what });
    }

    fn find(&mut self, finding: AuditFinding) {
        if self.findings.len() < MOST {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }

    /// How far it has come.
    #[must_use]
    pub const fn last(&self) -> Head {
        self.last
    }

    /// Takes the next record in the order of the log, with the entry right before it.
    pub fn take(&mut self, at: Timestamp, record: &AuditRecord, before: Option<&[u8]>) {
        let (seq, hash) = (record.seq(), record.hash());
        self.found += 1;
        let due = self.last.count + 1;
        // Where the hash before was altered, the next record still goes on from what it was.
        let goes_on = |number: u64| {
            [Some(self.last.hash), self.meant].into_iter().flatten().any(|hash_before| link(&hash_before, number, at, record) == hash)
        };
        let mut number = seq;
        let mut meant = None;
        if seq != due && goes_on(due) {
            number = due;
            self.say("altered", Some(due), Some(at), format!("its number was altered to {seq}"));
        } else if seq < due {
            let what = format!("it stands behind record {}, where record {due} belongs", self.last.count);
            return self.say("out_of_place", Some(seq), Some(at), what);
        } else if seq > due {
            let to = seq - 1;
            let what = if to == due { "it is not there".to_owned() } else { "they are not there".to_owned() };
            self.find(AuditFinding { code: "missing", record: Some(due), to: Some(to), at: None, what });
        } else if !goes_on(seq) {
            meant = Some(link(&self.last.hash, seq, at, record));
            let what = "it is not what was written, or does not go on from the record before it".to_owned();
            self.say("altered", Some(seq), Some(at), what);
        }
        self.meant = meant;
        if let Some(cover) = record.cover {
            match before {
                Some(entry) if cover.fits(entry) => {}
                Some(_) => {
                    let what = "the entry it stands for is not the one that was written".to_owned();
                    self.say("entry_altered", Some(number), Some(at), what);
                }
                None => self.say("entry_missing", Some(number), Some(at), "the entry it stands for is not there".to_owned()),
            }
        }
        self.last = Head { count: number, hash };
        if self.expect == Some(hash) {
            self.expected_at = Some(number);
        }
        if self.kept.is_some_and(|kept| kept.count == number) {
            self.at_kept = Some(hash);
        }
    }

    /// Ends the check: compares with the heads that are known from elsewhere.
    #[must_use]
    pub fn finish(mut self) -> AuditReport {
        let count = self.last.count;
        if let Some(kept) = self.kept {
            if kept.count > count {
                let what = if kept.count == count + 1 {
                    "it was there when the head was last kept in the cache, and is not there now".to_owned()
                } else {
                    format!("they were there, up to record {}, when the head was last kept in the cache, and are not there now", kept.count)
                };
                self.find(AuditFinding { code: "truncated", record: Some(count + 1), to: Some(kept.count), at: None, what });
            } else if self.at_kept.is_some_and(|hash| hash != kept.hash) {
                let what = "it is not the record whose hash was kept in the cache: it or one before it was written anew".to_owned();
                self.say("rewritten", Some(kept.count), None, what);
            }
        }
        if let Some(expect) = self.expect.filter(|_| self.expected_at.is_none()) {
            let what = format!(
                "no record has the hash {}: what led up to it was cut off behind record {count}, or was written anew",
                hex(&expect)
            );
            self.say("unexpected", None, None, what);
        }
        AuditReport {
            head: self.last,
            found: self.found,
            expected_at: self.expected_at,
            kept: self.kept,
            findings: self.findings,
            more: self.more,
        }
    }
}

impl AuditReport {
    /// Whether everything fits.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }

    /// How many records there should be, as far as anything says.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.head.count.max(self.kept.map_or(0, |kept| kept.count))
    }

    /// A finding as a sentence: `record 17 of 212, 2026-11-29T10:00:00.000Z: ..`
    #[must_use]
    pub fn sentence(&self, finding: &AuditFinding) -> String {
        let total = self.total();
        let place = match (finding.record, finding.to) {
            (Some(record), Some(to)) if to > record => format!("records {record} to {to} of {total}"),
            (Some(record), _) => format!("record {record} of {total}"),
            (None, _) => format!("the audit of {total} records"),
        };
        match finding.at {
            Some(at) => format!("{place}, {}: {}", at.to_rfc3339(), finding.what),
            None => format!("{place}: {}", finding.what),
        }
    }
}
