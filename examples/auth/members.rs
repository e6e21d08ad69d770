//! The members and the tokens of their links, in the database.

use cepa::auth::{Access, Policy, TokenRecord, TokenStore, User, UserStore};
use cepa::orm::prelude::*;
use cepa::prelude::*;

pub mod member {
    use cepa::orm::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "member")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(unique)]
        pub email: String,
        pub password: String,
        pub is_admin: bool,
        pub is_blocked: bool,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod token {
    use cepa::orm::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "token")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub subject: String,
        pub expires: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub use member::Model as Member;

impl User for Member {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn password_hash(&self) -> &str {
        &self.password
    }

    fn has_role(&self, role: &str) -> bool {
        role == "admin" && self.is_admin
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.email]
    }
}

/// Nobody blocks themselves, or another admin.
impl Policy<Self> for Member {
    type Action = Block;

    fn access(&self, member: &Self, Block: Block) -> Access {
        Access::granted_if(member.is_admin && !self.is_admin)
    }
}

pub struct Block;

#[derive(Clone)]
pub struct Members(pub Db);

impl UserStore for Members {
    type User = Member;

    /// Those who are blocked are out with their next request.
    async fn by_id(&self, id: &str) -> Result<Option<Member>> {
        let member = self.find(id.parse()?).await?;
        Ok(member.filter(|it| !it.is_blocked))
    }

    async fn by_name(&self, name: &str) -> Result<Option<Member>> {
        let member = self.by_email(&name.trim().to_lowercase()).await?;
        Ok(member.filter(|it| !it.is_blocked))
    }

    async fn set_password_hash(&self, member: &Member, hash: &str) -> Result<()> {
        let mut update = member::Entity::update_many();
        update = update.col_expr(member::Column::Password, Expr::value(hash));
        let is_it = member::Column::Id.eq(member.id);
        // Unless it was changed meanwhile.
        let is_same = member::Column::Password.eq(&member.password);
        update.filter(is_it).filter(is_same).exec(&self.0).await?;
        Ok(())
    }
}

impl Members {
    pub async fn find(&self, id: i32) -> Result<Option<Member>> {
        Ok(member::Entity::find_by_id(id).one(&self.0).await?)
    }

    pub async fn by_email(&self, email: &str) -> Result<Option<Member>> {
        let of = member::Entity::find().filter(member::Column::Email.eq(email));
        Ok(of.one(&self.0).await?)
    }

    pub async fn all(&self) -> Result<Vec<Member>> {
        let all = member::Entity::find().order_by_asc(member::Column::Email);
        Ok(all.all(&self.0).await?)
    }

    /// A new member; `None` if this address is one's already.
    pub async fn join(&self, email: &str, hash: String) -> Result<Option<Member>> {
        if self.by_email(email).await?.is_some() {
            return Ok(None);
        }
        let is_first = member::Entity::find().count(&self.0).await? == 0;
        let row = member::ActiveModel {
            email: Set(email.to_owned()),
            password: Set(hash),
            is_admin: Set(is_first),
            is_blocked: Set(false),
            ..Default::default()
        };
        Ok(Some(row.insert(&self.0).await?))
    }

    pub async fn set_blocked(&self, member: &Member, is_blocked: bool) -> Result<()> {
        let mut row = member.clone().into_active_model();
        row.is_blocked = Set(is_blocked);
        row.update(&self.0).await?;
        Ok(())
    }
}

/// The hashes of tokens.
pub struct Tokens(pub Db);

impl TokenStore for Tokens {
    async fn insert(&self, key: &str, record: TokenRecord) -> Result<()> {
        let row = token::ActiveModel {
            key: Set(key.to_owned()),
            subject: Set(record.subject().to_owned()),
            expires: Set(i64::try_from(record.expires())?),
        };
        row.insert(&self.0).await?;
        Ok(())
    }

    /// One statement finds and deletes it, so nobody gets it twice.
    async fn take(&self, key: &str) -> Result<Option<TokenRecord>> {
        let taken = token::Entity::delete_by_id(key.to_owned());
        let Some(row) = taken.exec_with_returning(&self.0).await? else {
            return Ok(None);
        };
        let expires = u64::try_from(row.expires)?;
        Ok(Some(TokenRecord::new(row.subject, expires)))
    }

    async fn sweep(&self, now: u64) -> Result<()> {
        let is_over = token::Column::Expires.lte(i64::try_from(now)?);
        let delete = token::Entity::delete_many().filter(is_over);
        delete.exec(&self.0).await?;
        Ok(())
    }
}
