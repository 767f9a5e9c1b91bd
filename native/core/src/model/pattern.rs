//! Name patterns: `*` stands for any text, `?` for one character.

/// Whether a parameter's name, or the name of a layer it belongs to, matches: `0.weight`, `0`, `encoder.*`, `*.bias`.
pub fn matches_name(pattern: &str, name: &str) -> bool {
    let owners = name.match_indices('.').map(|(i, _)| &name[..i]);
    matches(pattern, name) || owners.into_iter().any(|owner| matches(pattern, owner))
}

pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go on when a guess for the last star fails: after the star, one character later in the text.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((after, start)) => {
                    p = after;
                    t = start + 1;
                    retry = Some((after, t));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::matches_name;

    #[test]
    fn patterns() {
        let yes = [
            ("0.weight", "0.weight"),
            ("0", "0.weight"),
            ("0.*", "0.bias"),
            ("*.bias", "enc.1.bias"),
            ("*", "a.b"),
            ("e*c.?", "enc.1.bias"),
            ("enc", "enc.1.bias"),
        ];
        let no = [("1", "10.weight"), ("weight", "0.weight"), ("0.b", "0.bias"), ("", "0.weight"), ("?", "10.weight")];
        assert!(yes.iter().all(|(p, n)| matches_name(p, n)), "{yes:?}");
        assert!(!no.iter().any(|(p, n)| matches_name(p, n)), "{no:?}");
    }
}
