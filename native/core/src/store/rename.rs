//! Rules that turn the names of a file into those of a model.

use crate::{Error, Result};

/// One rule: a pattern for whole names, in which every `*` stands for any text, and what a matching name becomes,
/// where `$1` is the text of the first star, `$2` that of the second, and `$$` a dollar.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// What stands between the stars.
    texts: Vec<String>,
    replacement: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Star(usize),
}

impl Rule {
    pub fn new(pattern: &str, replacement: &str) -> Result<Self> {
        let texts: Vec<String> = pattern.split('*').map(str::to_owned).collect();
        let wrong = |what: String| Error::argument(format!("the rule '{pattern}' -> '{replacement}': {what}"));
        let mut pieces = Vec::new();
        let mut rest = replacement;
        while let Some((before, after)) = rest.split_once('$') {
            pieces.push(Piece::Text(before.to_owned()));
            rest = match after.chars().next() {
                Some('$') => {
                    pieces.push(Piece::Text("$".to_owned()));
                    &after[1..]
                }
                Some(digit @ '1'..='9') => {
                    let star = digit as usize - '1' as usize;
                    if star + 1 >= texts.len() {
                        return Err(wrong(format!("${digit} stands for a star that the pattern does not have")));
                    }
                    pieces.push(Piece::Star(star));
                    &after[1..]
                }
                _ => return Err(wrong("a $ needs a number from 1 to 9 or another $ behind it".to_owned())),
            };
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self { texts, replacement: pieces })
    }

    /// The new name; `None` where the pattern does not match. A star takes as little as it can, the last one the rest.
    pub fn apply(&self, name: &str) -> Option<String> {
        let stars = self.stars(name)?;
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Star(i) => stars[*i].to_owned(),
        };
        Some(self.replacement.iter().map(piece).collect())
    }

    fn stars<'n>(&self, name: &'n str) -> Option<Vec<&'n str>> {
        let (first, rest) = self.texts.split_first()?;
        let Some((last, middle)) = rest.split_last() else { return (name == first).then(Vec::new) };
        let mut name = name.strip_prefix(first.as_str())?.strip_suffix(last.as_str())?;
        let mut stars = Vec::with_capacity(rest.len());
        for text in middle {
            let (star, after) = name.split_once(text.as_str())?;
            stars.push(star);
            name = after;
        }
        stars.push(name);
        Some(stars)
    }
}

/// The name after all rules, each on what the one before it left.
pub(super) fn rename(rules: &[Rule], name: &str) -> String {
    rules.iter().fold(name.to_owned(), |name, rule| rule.apply(&name).unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::{Rule, rename};

    #[test]
    fn rules() {
        for (pattern, replacement, name, expected) in [
            ("module.*", "$1", "module.0.weight", "0.weight"),
            ("module.*", "$1", "0.module.weight", "0.module.weight"),
            ("fc.*", "head.$1", "fc.bias", "head.bias"),
            ("*", "backbone.$1", "a.b", "backbone.a.b"),
            ("layer*.*.weight", "$2.$1.w", "layer1.0.conv.weight", "0.conv.1.w"),
            ("a.*.*", "$2.$1", "a.b.c.d", "c.d.b"),
            ("exact", "other", "exact", "other"),
            ("exact", "other", "exactly", "exactly"),
            ("*.gamma", "$1.weight$$", "ln.gamma", "ln.weight$"),
            ("ab*ba", "$1", "aba", "aba"),
            ("ä*", "ö$1", "äx", "öx"),
        ] {
            let rule = Rule::new(pattern, replacement).unwrap();
            assert_eq!(rename(&[rule], name), expected, "{pattern} -> {replacement} on {name}");
        }
    }

    #[test]
    fn rules_follow_each_other() {
        let rules = [Rule::new("module.*", "$1").unwrap(), Rule::new("fc.*", "head.$1").unwrap()];
        assert_eq!(rename(&rules, "module.fc.weight"), "head.weight");
    }

    #[test]
    fn wrong_rules_say_what_is_wrong() {
        for (pattern, replacement, word) in [("a.b", "$1", "$1"), ("*", "$2", "$2"), ("*", "$", "$"), ("*", "$0", "$")]
        {
            let error = Rule::new(pattern, replacement).unwrap_err();
            assert!(error.message.contains(word), "{error}");
        }
    }
}
