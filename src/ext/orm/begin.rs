//! How transactions begin: what SeaORM asks of whatever can begin one.

use std::future::Future;
use std::pin::Pin;

use sea_orm::entity::prelude::async_trait;
use sea_orm::{
    AccessMode, DbErr, IsolationLevel, TransactionError, TransactionOptions, TransactionTrait,
};

use super::{Db, Transaction, Tx};

type Asked<'c, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>;

fn options(isolation: Option<IsolationLevel>, access: Option<AccessMode>) -> TransactionOptions {
    TransactionOptions {
        isolation_level: isolation,
        access_mode: access,
        ..TransactionOptions::default()
    }
}

/// Runs a function in a transaction, which its result ends.
async fn run<F, T, E>(begun: Result<Transaction, DbErr>, ask: F) -> Result<T, TransactionError<E>>
where
    F: for<'c> FnOnce(&'c Transaction) -> Asked<'c, T, E> + Send,
    E: std::fmt::Display + std::fmt::Debug + Send,
{
    let transaction = begun.map_err(TransactionError::Connection)?;
    let result = ask(&transaction).await;
    let ended = match &result {
        Ok(_) => transaction.commit().await,
        Err(_) => transaction.rollback().await,
    };
    // Why it was rolled back says more than why that failed.
    let value = result.map_err(TransactionError::Transaction)?;
    ended.map_err(TransactionError::Connection)?;
    Ok(value)
}

/// The methods of the trait, the same for each type, with what begins one.
macro_rules! begins {
    ($type:ty, $begin:ident, $doc:literal) => {
        impl $type {
            #[doc = $doc]
            ///
            /// It is committed where the function returns `Ok`, otherwise rolled back; the function's
            /// error can be any that a [`DbErr`] becomes, such as [`Error`](crate::Error).
            ///
            /// # Errors
            /// Those of the function, of the begin and of the commit.
            pub async fn transaction<F, T, E>(&self, ask: F) -> Result<T, E>
            where
                F: AsyncFnOnce(&Transaction) -> Result<T, E>,
                E: From<DbErr>,
            {
                let transaction = self.$begin(TransactionOptions::default()).await?;
                let result = ask(&transaction).await;
                match &result {
                    Ok(_) => transaction.commit().await?,
                    // Why it is rolled back says more than why that fails.
                    Err(_) => drop(transaction.rollback().await),
                }
                result
            }
        }

        #[async_trait::async_trait]
        impl TransactionTrait for $type {
            type Transaction = Transaction;

            async fn begin(&self) -> Result<Transaction, DbErr> {
                self.$begin(TransactionOptions::default()).await
            }

            async fn begin_with_config(
                &self,
                isolation: Option<IsolationLevel>,
                access: Option<AccessMode>,
            ) -> Result<Transaction, DbErr> {
                self.$begin(options(isolation, access)).await
            }

            async fn begin_with_options(
                &self,
                options: TransactionOptions,
            ) -> Result<Transaction, DbErr> {
                self.$begin(options).await
            }

            async fn transaction<F, T, E>(&self, ask: F) -> Result<T, TransactionError<E>>
            where
                F: for<'c> FnOnce(&'c Transaction) -> Asked<'c, T, E> + Send,
                T: Send,
                E: std::fmt::Display + std::fmt::Debug + Send,
            {
                run(self.$begin(TransactionOptions::default()).await, ask).await
            }

            async fn transaction_with_config<F, T, E>(
                &self,
                ask: F,
                isolation: Option<IsolationLevel>,
                access: Option<AccessMode>,
            ) -> Result<T, TransactionError<E>>
            where
                F: for<'c> FnOnce(&'c Transaction) -> Asked<'c, T, E> + Send,
                T: Send,
                E: std::fmt::Display + std::fmt::Debug + Send,
            {
                run(self.$begin(options(isolation, access)).await, ask).await
            }
        }
    };
}

begins!(Db, begin_with, "Runs a function in a transaction.");
begins!(
    Transaction,
    nested,
    "Runs a function in a transaction nested in this one."
);
begins!(
    Tx,
    nested,
    "Runs a function in a transaction nested in this one: what may fail without an end to all."
);
