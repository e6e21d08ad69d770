//! Which passwords are accepted: how long they are, and that nobody guesses them at once.
//!
//! Before it: somebody chose a password. After it: it is hashed. No rule says what it is made of
//! (ASVS 5, 6.2.5).

use super::error::PasswordError;

/// Characters that no password may have fewer of (ASVS 5, 6.2.1), and more of.
pub(super) const LEAST: usize = 8;
pub(super) const MOST: usize = 256;
/// A word of this many characters is one that a password may not be made of.
const LEAST_OF_WORD: usize = 4;
/// How many characters have to remain of a password without such words.
const LEAST_BESIDE: usize = 6;

/// The 3,200 most common passwords of 8 characters and more, in lower case. Which these are is
/// reckoned from two counts of passwords that leaked: that of `zxcvbn` (MIT) and that of Django
/// (BSD), each by its rank.
const COMMON: &str = include_str!("common_passwords.txt");

/// Whether a password may be chosen. Its owner's names and those of the site count as words.
pub(super) fn check<'a>(
    password: &str,
    least: usize,
    words: impl Iterator<Item = &'a str>,
) -> Result<(), PasswordError> {
    check_length(password, least)?;
    let password = password.to_lowercase();
    if COMMON.lines().any(|common| common == password) {
        return Err(PasswordError::Common);
    }
    let rest = words.fold(password.clone(), without);
    match rest.len() < password.len() && rest.chars().count() < LEAST_BESIDE {
        true => Err(PasswordError::Personal),
        false => Ok(()),
    }
}

/// Whether it has so many characters, and no more than any password.
pub(super) fn check_length(password: &str, least: usize) -> Result<(), PasswordError> {
    // Bytes first, so that a flood of them is not counted.
    let most = MOST;
    let count = match password.len() > most * 4 {
        true => usize::MAX,
        false => password.chars().count(),
    };
    if count < least {
        return Err(PasswordError::Short { least });
    }
    if count > most {
        return Err(PasswordError::Long { most });
    }
    Ok(())
}

/// The password without the words of a name, such as those of a mail address.
fn without(password: String, name: &str) -> String {
    let name = name.to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric());
    let words = [&*name].into_iter().chain(words);
    let words = words.filter(|word| word.chars().count() >= LEAST_OF_WORD);
    words.fold(password, |rest, word| rest.replace(word, ""))
}

/// Whether no password can be so long, so that it is not worth hashing.
pub(super) fn is_too_long(password: &str) -> bool {
    password.len() > MOST * 4 || password.chars().count() > MOST
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn checked(password: &str) -> Result<(), PasswordError> {
        let words = ["ada.lovelace@example.com", "Onion Shop"];
        check(password, LEAST, words.into_iter())
    }

    #[test]
    fn the_list_is_as_long_as_it_has_to_be_and_fits_the_rules() {
        let lines: Vec<_> = COMMON.lines().collect();
        assert!(lines.len() >= 3_000, "ASVS 5, 6.2.4: {}", lines.len());
        assert!(lines.is_sorted_by(|a, b| a < b), "each word is there once");
        for line in lines {
            assert!((LEAST..=MOST).contains(&line.len()), "{line}");
            assert_eq!(line, line.to_lowercase());
            assert!(line.bytes().all(|byte| byte.is_ascii_graphic()), "{line}");
        }
    }

    #[test]
    fn passwords_are_judged_by_length_and_by_what_is_tried_first() {
        let short = Err(PasswordError::Short { least: 8 });
        let long = Err(PasswordError::Long { most: 256 });
        let table = [
            ("", short),
            ("onion-7", short),
            ("p\u{e4}ssw\u{f6}r", short),
            ("p\u{e4}ssw\u{f6}rt", Ok(())),
            (
                "\u{1f9c5}\u{1f9c5}\u{1f9c5}\u{1f9c5}\u{1f9c5}\u{1f9c5}\u{1f9c5}\u{1f9c5}",
                Ok(()),
            ),
            ("password", Err(PasswordError::Common)),
            ("PassWord1", Err(PasswordError::Common)),
            ("12345678", Err(PasswordError::Common)),
            ("iloveyou", Err(PasswordError::Common)),
            (" password", Ok(())),
            ("lovelace1815", Err(PasswordError::Personal)),
            ("Ada.Lovelace@Example.com", Err(PasswordError::Personal)),
            ("onionshop1", Err(PasswordError::Personal)),
            ("lovelace-counts-machines", Ok(())),
            ("correct horse battery staple", Ok(())),
        ];
        for (password, expected) in table {
            assert_eq!(checked(password), expected, "{password}");
        }
        assert_eq!(checked(&"\u{e9}x".repeat(128)), Ok(()));
        assert_eq!(checked(&"\u{e9}x".repeat(129)), long);
        assert_eq!(checked(&"x".repeat(1 << 20)), long);
        assert!(is_too_long(&"\u{e9}".repeat(257)) && !is_too_long(&"\u{e9}".repeat(256)));
    }

    #[test]
    fn no_text_upsets_the_rules() {
        let mut random = Random::new();
        let pieces = [
            "lovelace", "ONION", "\u{130}", "\u{df}", "\0", " ", "\u{301}", "x",
        ];
        for _ in 0..5_000 {
            let count = random.below(300);
            let text: String = (0..count).map(|_| pieces[random.below(8)]).collect();
            let checked = checked(&text);
            let long = matches!(checked, Err(PasswordError::Long { .. }));
            assert_eq!(long, text.chars().count() > MOST);
        }
    }
}
