//! The arguments of a function, extracted in the order written, the body at most once.

use std::future::Future;

use super::{FromRequest, Head};
use crate::body::Body;
use crate::error::Result;
use crate::preflight::Need;
use crate::request::Request;

/// Holds the request while arguments are taken from it; empty once one of them took it whole.
#[derive(Debug)]
pub struct Slot(Option<Request>);

impl Slot {
    pub(crate) fn new(req: Request) -> Self {
        Self(Some(req))
    }

    fn request(&mut self) -> &mut Request {
        self.0
            .as_mut()
            .expect("`Request` is the last argument, so nothing is extracted after it")
    }

    /// Takes the whole request out.
    pub(crate) fn take(&mut self) -> Request {
        self.0
            .take()
            .expect("only one argument takes the whole request")
    }
}

/// A tuple of extractors, the arguments of one function; `K` says what each of them reads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken from a request",
    note = "each argument must be an extractor, and `Request` must be the last one"
)]
pub trait Extract<K>: Sized + Send {
    #[doc(hidden)]
    fn extract(slot: &mut Slot) -> impl Future<Output = Result<Self>> + Send;

    #[doc(hidden)]
    fn requires() -> Vec<Need>;
}

/// At most one of the arguments reads the body.
#[diagnostic::on_unimplemented(
    message = "this handler reads the request body twice",
    label = "two of the arguments read the body",
    note = "a body is a stream that can be read once: take one of `Json`, `Form`, `Bytes`, `String`, \
            `BodyStream`, `Request`; to look at it twice, take `Bytes` and parse it yourself"
)]
pub trait OneBody {}

/// None of the arguments reads the body.
#[diagnostic::on_unimplemented(
    message = "a middleware's extractor may not read the request body",
    label = "an argument before `Request` reads the body",
    note = "the handler inside would find it empty: take `mut req: Request` and call \
            `req.buffer_body(limit).await?`, which reads the body and puts it back"
)]
pub trait HeadOnly {}

/// The extractors of one tuple size, with and without the whole request at the end.
macro_rules! extract_tuple {
    ($($arg:ident $reads:ident)*) => {
        impl<$($arg, $reads,)*> Extract<($($reads,)*)> for ($($arg,)*)
        where
            $($arg: FromRequest<$reads>,)*
        {
            #[allow(unused_variables, reason = "the empty tuple takes nothing from the slot")]
            async fn extract(slot: &mut Slot) -> Result<Self> {
                Ok(($($arg::from_request(slot.request()).await?,)*))
            }

            #[allow(unused_mut, reason = "the empty tuple needs nothing")]
            fn requires() -> Vec<Need> {
                let mut needs = Vec::new();
                $(needs.extend($arg::requires());)*
                needs
            }
        }
    };
    (whole: $($arg:ident $reads:ident)*) => {
        impl<$($arg, $reads,)*> Extract<($($reads,)* Request,)> for ($($arg,)* Request,)
        where
            $($arg: FromRequest<$reads>,)*
        {
            async fn extract(slot: &mut Slot) -> Result<Self> {
                Ok(($($arg::from_request(slot.request()).await?,)* slot.take(),))
            }

            #[allow(unused_mut, reason = "`Request` alone needs nothing")]
            fn requires() -> Vec<Need> {
                let mut needs = Vec::new();
                $(needs.extend($arg::requires());)*
                needs
            }
        }
    };
}

extract_tuple!();
extract_tuple!(A1 R1);
extract_tuple!(A1 R1 A2 R2);
extract_tuple!(A1 R1 A2 R2 A3 R3);
extract_tuple!(A1 R1 A2 R2 A3 R3 A4 R4);
extract_tuple!(A1 R1 A2 R2 A3 R3 A4 R4 A5 R5);
extract_tuple!(A1 R1 A2 R2 A3 R3 A4 R4 A5 R5 A6 R6);
extract_tuple!(A1 R1 A2 R2 A3 R3 A4 R4 A5 R5 A6 R6 A7 R7);
extract_tuple!(A1 R1 A2 R2 A3 R3 A4 R4 A5 R5 A6 R6 A7 R7 A8 R8);
extract_tuple!(whole:);
extract_tuple!(whole: A1 R1);
extract_tuple!(whole: A1 R1 A2 R2);
extract_tuple!(whole: A1 R1 A2 R2 A3 R3);
extract_tuple!(whole: A1 R1 A2 R2 A3 R3 A4 R4);
extract_tuple!(whole: A1 R1 A2 R2 A3 R3 A4 R4 A5 R5);
extract_tuple!(whole: A1 R1 A2 R2 A3 R3 A4 R4 A5 R5 A6 R6);
extract_tuple!(whole: A1 R1 A2 R2 A3 R3 A4 R4 A5 R5 A6 R6 A7 R7);

/// For tuples of this size: nothing reads the body, or one place does, or the last takes it all.
macro_rules! one_body {
    ($($head:ident)*) => {
        impl OneBody for ($($head,)*) {}
        impl HeadOnly for ($($head,)*) {}
        one_body!(body at [] $($head)*);
    };
    (body at [$($before:ident)*]) => {};
    (body at [$($before:ident)*] $here:ident) => {
        impl OneBody for ($($before,)* Body,) {}
        impl OneBody for ($($before,)* Request,) {}
    };
    (body at [$($before:ident)*] $here:ident $($after:ident)+) => {
        impl OneBody for ($($before,)* Body, $($after,)*) {}
        one_body!(body at [$($before)* $here] $($after)*);
    };
}

one_body!();
one_body!(Head);
one_body!(Head Head);
one_body!(Head Head Head);
one_body!(Head Head Head Head);
one_body!(Head Head Head Head Head);
one_body!(Head Head Head Head Head Head);
one_body!(Head Head Head Head Head Head Head);
one_body!(Head Head Head Head Head Head Head Head);
