//! Rust source as tokens with line numbers: comments gone, characters and odd strings reduced to a marker.
//!
//! Enough of the grammar to read paths and attributes safely; it does not parse expressions and never fails: text it does not
//! understand becomes punctuation.

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An identifier or keyword, raw prefix removed.
    Ident(String),
    /// One character of punctuation; `::` is [`Kind::PathSep`].
    Punct(char),
    /// `::`
    PathSep,
    /// A plain string with what it holds, escapes as written: only `#[path = ".."]` is read from it.
    Text(String),
    /// Another string, a character, a number or a lifetime.
    Literal,
}

/// A token and the line it starts on, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it starts.
    pub line: usize,
}

impl Token {
    /// The identifier, if it is one.
    pub fn ident(&self) -> Option<&str> {
        match &self.kind {
            Kind::Ident(name) => Some(name),
            _ => None,
        }
    }

    /// Whether it is this character.
    pub fn is(&self, punct: char) -> bool {
        self.kind == Kind::Punct(punct)
    }

    /// Whether it is this identifier.
    pub fn is_ident(&self, name: &str) -> bool {
        self.ident() == Some(name)
    }
}

/// Splits source text into tokens.
pub fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { chars: source.chars().collect(), at: 0, line: 1 };
    let mut found = Vec::new();
    while let Some(token) = lexer.next_token() {
        found.push(token);
    }
    found
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn bump(&mut self) -> Option<char> {
        let char = self.peek(0)?;
        self.at += 1;
        self.line += usize::from(char == '\n');
        Some(char)
    }

    fn next_token(&mut self) -> Option<Token> {
        self.skip_blank();
        let line = self.line;
        let first = self.peek(0)?;
        let kind = if let Some(hashes) = self.raw_string_hashes() {
            self.skip_raw_string(hashes)
        } else if first == '"' {
            let from = self.at + 1;
            self.skip_string();
            Kind::Text(self.chars[from..self.at.max(from + 1) - 1].iter().collect())
        } else if matches!(first, 'b' | 'c') && self.peek(1) == Some('"') {
            self.skip_string();
            Kind::Literal
        } else if first == '\'' || (first == 'b' && self.peek(1) == Some('\'')) {
            self.skip_quote()
        } else if first.is_alphabetic() || first == '_' {
            self.word()
        } else if first.is_ascii_digit() {
            self.skip_number()
        } else {
            self.bump();
            if first == ':' && self.peek(0) == Some(':') {
                self.bump();
                Kind::PathSep
            } else {
                Kind::Punct(first)
            }
        };
        Some(Token { kind, line })
    }

    fn skip_blank(&mut self) {
        while let Some(char) = self.peek(0) {
            if char.is_whitespace() {
                self.bump();
            } else if char == '/' && self.peek(1) == Some('/') {
                while self.peek(0).is_some_and(|char| char != '\n') {
                    self.bump();
                }
            } else if char == '/' && self.peek(1) == Some('*') {
                self.skip_block_comment();
            } else {
                return;
            }
        }
    }

    fn skip_block_comment(&mut self) {
        let mut depth = 0usize;
        while let Some(char) = self.bump() {
            match (char, self.peek(0)) {
                ('/', Some('*')) => {
                    self.bump();
                    depth += 1;
                }
                ('*', Some('/')) => {
                    self.bump();
                    depth -= 1;
                    if depth == 0 {
                        return;
                    }
                }
                _ => {}
            }
        }
    }

    /// How many `#` open a raw string here; none: there is no raw string here.
    fn raw_string_hashes(&self) -> Option<usize> {
        let prefix = match (self.peek(0)?, self.peek(1)) {
            ('r', _) => 1,
            ('b' | 'c', Some('r')) => 2,
            _ => return None,
        };
        let hashes = self.chars[self.at + prefix..].iter().take_while(|char| **char == '#').count();
        (self.peek(prefix + hashes) == Some('"')).then_some(hashes)
    }

    fn skip_raw_string(&mut self, hashes: usize) -> Kind {
        while self.bump().is_some_and(|char| char != '"') {}
        while let Some(char) = self.bump() {
            if char == '"' && (0..hashes).all(|ahead| self.peek(ahead) == Some('#')) {
                self.at += hashes;
                break;
            }
        }
        Kind::Literal
    }

    fn skip_string(&mut self) {
        while self.bump().is_some_and(|char| char != '"') {}
        while let Some(char) = self.bump() {
            match char {
                '\\' => {
                    self.bump();
                }
                '"' => break,
                _ => {}
            }
        }
    }

    /// A character, byte or lifetime: `'x'` closes, `'x` does not.
    fn skip_quote(&mut self) -> Kind {
        while self.bump().is_some_and(|char| char != '\'') {}
        if self.peek(0) == Some('\\') {
            self.bump();
            self.bump();
            while self.bump().is_some_and(|char| char != '\'') {}
        } else if self.peek(1) == Some('\'') {
            self.bump();
            self.bump();
        } else {
            while self.peek(0).is_some_and(|char| char.is_alphanumeric() || char == '_') {
                self.bump();
            }
        }
        Kind::Literal
    }

    fn word(&mut self) -> Kind {
        if self.peek(0) == Some('r') && self.peek(1) == Some('#') {
            self.at += 2;
        }
        let mut name = String::new();
        while let Some(char) = self.peek(0).filter(|char| char.is_alphanumeric() || *char == '_') {
            name.push(char);
            self.bump();
        }
        Kind::Ident(name)
    }

    /// Digits, suffix and fraction; `0..9` and `1.max(2)` keep their dots.
    fn skip_number(&mut self) -> Kind {
        while let Some(char) = self.peek(0) {
            let fraction = char == '.' && self.peek(1).is_some_and(|next| next.is_ascii_digit());
            if !(char.is_alphanumeric() || char == '_' || fraction) {
                break;
            }
            self.bump();
        }
        Kind::Literal
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, tokens};

    fn words(source: &str) -> Vec<String> {
        tokens(source)
            .into_iter()
            .map(|token| match token.kind {
                Kind::Ident(name) => name,
                Kind::Punct(char) => char.to_string(),
                Kind::PathSep => "::".to_owned(),
                Kind::Text(_) | Kind::Literal => "_".to_owned(),
            })
            .collect()
    }

    #[test]
    fn comments_and_strings_hide_what_they_hold() {
        assert_eq!(words("a // std::fs\nb /* x /* std::fs */ y */ c"), ["a", "b", "c"]);
        assert_eq!(words(r##"f("std::fs \" x", r#"a " b"#, b"z", br"q", c"n") g"##).len(), 13);
        assert_eq!(words("/// use crate::cli;\nx"), ["x"]);
    }

    #[test]
    fn a_lifetime_is_no_open_character() {
        assert_eq!(words("fn f<'a>(x: &'a str) -> char { 'b' }").last().map(String::as_str), Some("}"));
        assert_eq!(words(r"'\'' '\u{1F600}' '(' b'x' 'static x"), ["_", "_", "_", "_", "_", "x"]);
    }

    #[test]
    fn raw_identifiers_paths_and_numbers() {
        assert_eq!(words("r#type::new(0..9, 1.5e3, 0xff_u8)"), ["type", "::", "new", "(", "_", ".", ".", "_", ",", "_", ",", "_", ")"]);
    }

    #[test]
    fn lines_count_from_one_through_every_literal() {
        let found = tokens("a\n\"x\ny\"\n/* \n */ b");
        assert_eq!(found.last().map(|token| token.line), Some(5));
    }
}
