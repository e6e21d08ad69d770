//! The name of an article in its address, made of its title.

use crate::models::article;
use cepa::orm::prelude::*;
use cepa::prelude::*;
use std::collections::HashSet;

/// `/articles/feed` is no article.
const OF_A_ROUTE: &str = "feed";

/// Letters and digits of the title in lower case, with a hyphen for what is between them.
fn of(title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric());
    let words: Vec<String> = words
        .filter(|it| !it.is_empty())
        .map(str::to_lowercase)
        .collect();
    match words.is_empty() {
        true => "article".to_owned(),
        false => words.join("-"),
    }
}

/// A slug for this title that no other article has: the second gets `-2`.
pub(super) async fn free(
    db: &impl ConnectionTrait,
    title: &str,
    own: Option<i32>,
) -> Result<String> {
    let slug = of(title);
    let numbered = article::Column::Slug.starts_with(format!("{slug}-"));
    let alike: Vec<(i32, String)> = article::Entity::find()
        .select_only()
        .columns([article::Column::Id, article::Column::Slug])
        .filter(article::Column::Slug.eq(&slug).or(numbered))
        .into_tuple()
        .all(db)
        .await?;
    let others = alike.into_iter().filter(|(id, _)| Some(*id) != own);
    let taken: HashSet<String> = others.map(|(_, slug)| slug).collect();
    if !taken.contains(&slug) && slug != OF_A_ROUTE {
        return Ok(slug);
    }
    let mut numbered = (2..).map(|number| format!("{slug}-{number}"));
    let free = numbered.find(|slug| !taken.contains(slug));
    Ok(free.unwrap_or(slug))
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_slug_has_letters_digits_and_hyphens() {
        assert_eq!(of("How to train your dragon"), "how-to-train-your-dragon");
        assert_eq!(of("  C++ & Rust -- 2nd!  "), "c-rust-2nd");
        assert_eq!(of("\u{c4}pfel"), "\u{e4}pfel");
        assert_eq!(of("?!"), "article");
    }
}
