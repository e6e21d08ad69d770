//! The arguments of a function, extracted in the order written, the body at most once.

use std::future::{Future, ready};
use std::marker::PhantomData;

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
pub trait Extract<K>: Sized + Send + 'static {
    #[doc(hidden)]
    fn extract(slot: &mut Slot) -> impl Future<Output = Result<Self>> + Send;

    #[doc(hidden)]
    fn requires() -> Vec<Need>;
}

/// The last argument: an extractor like the others, or the whole [`Request`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an extractor",
    label = "not an extractor"
)]
pub trait LastArgument<R>: Sized + Send + 'static {
    #[doc(hidden)]
    fn extract(slot: &mut Slot) -> impl Future<Output = Result<Self>> + Send;

    #[doc(hidden)]
    fn requires() -> Vec<Need>;
}

impl<T: FromRequest<R>, R> LastArgument<R> for T {
    fn extract(slot: &mut Slot) -> impl Future<Output = Result<Self>> + Send {
        Self::from_request(slot.request())
    }

    fn requires() -> Vec<Need> {
        <Self as FromRequest<R>>::requires()
    }
}

#[diagnostic::do_not_recommend]
impl LastArgument<Self> for Request {
    fn extract(slot: &mut Slot) -> impl Future<Output = Result<Self>> + Send {
        let req = slot.take();
        req.hand_over();
        ready(Ok(req))
    }

    fn requires() -> Vec<Need> {
        Vec::new()
    }
}

/// Holds for nothing, so that the impl below exists for the compiler's message alone.
///
/// The lifetime keeps the compiler from asking for a proof where the impl stands.
#[diagnostic::on_unimplemented(
    message = "`Request` must be the last argument",
    label = "takes another argument after `Request`",
    note = "`Request` is the whole request, so nothing can be extracted after it"
)]
#[allow(unnameable_types, reason = "nobody can implement it")]
pub trait IsLast<'a> {}

#[doc(hidden)]
impl FromRequest<Self> for Request
where
    for<'a> Self: IsLast<'a>,
{
    async fn from_request(_: &mut Self) -> Result<Self> {
        unreachable!("`IsLast` holds for nothing")
    }
}

/// At most one of the arguments reads the body, by what `K` says of each.
#[diagnostic::on_unimplemented(
    message = "more than one of the arguments `{Self}` reads the request body",
    label = "reads the body twice",
    note = "the body is a stream that can be read once: take one of `Json`, `Form`, `Bytes`, \
            `String`, `Body`, `Request`; to look at it twice, take `Bytes` and parse it yourself"
)]
pub trait OneBody<K> {}

/// None of the arguments reads the body, by what `K` says of each.
#[diagnostic::on_unimplemented(
    message = "one of the arguments `{Self}` reads the request body, in a middleware",
    label = "reads the body before the handler can",
    note = "the handler inside would find it empty: take `mut req: Request` and call \
            `req.buffer_body(limit).await?`, which reads the body and puts it back"
)]
pub trait HeadOnly<K> {}

/// What an argument of this kind adds to the count of those that read the body.
///
/// The count is computed, so that it follows from what the extractors read. From a list of the
/// allowed tuples the compiler would conclude what an extractor must read, and blame the extractor.
#[allow(unnameable_types, reason = "only the compiler counts with it")]
pub trait Reads {
    /// The count with this argument, from that of the others.
    type Readers<Others>;
}

/// No argument reads the body.
#[derive(Debug)]
#[allow(unnameable_types, reason = "only the compiler counts with it")]
pub struct Nobody;

/// One argument more reads the body.
#[derive(Debug)]
#[allow(unnameable_types, reason = "only the compiler counts with it")]
pub struct OneMore<Others>(PhantomData<Others>);

/// The count is at most one.
#[allow(unnameable_types, reason = "only the compiler counts with it")]
pub trait AtMostOne {}

impl AtMostOne for Nobody {}
impl AtMostOne for OneMore<Nobody> {}

impl Reads for Head {
    type Readers<Others> = Others;
}

impl Reads for Body {
    type Readers<Others> = OneMore<Others>;
}

impl Reads for Request {
    type Readers<Others> = OneMore<Others>;
}

impl Extract<()> for () {
    async fn extract(_: &mut Slot) -> Result<Self> {
        Ok(())
    }

    fn requires() -> Vec<Need> {
        Vec::new()
    }
}

#[diagnostic::do_not_recommend]
impl OneBody<()> for () {}

#[diagnostic::do_not_recommend]
impl HeadOnly<()> for () {}

/// How many of these markers say that the body is read.
macro_rules! readers {
    () => { Nobody };
    ($first:ident $($rest:ident)*) => { <$first as Reads>::Readers<readers!($($rest)*)> };
}

/// The arguments of a function of this many.
macro_rules! arguments {
    ($($arg:ident $reads:ident)* + $last:ident $whole:ident) => {
        impl<$($arg, $reads,)* $last, $whole> Extract<($($reads,)* $whole,)> for ($($arg,)* $last,)
        where
            $($arg: FromRequest<$reads>,)*
            $last: LastArgument<$whole>,
        {
            async fn extract(slot: &mut Slot) -> Result<Self> {
                Ok(($($arg::from_request(slot.request()).await?,)* $last::extract(slot).await?,))
            }

            fn requires() -> Vec<Need> {
                [$($arg::requires(),)* $last::requires()].concat()
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($arg, $reads: Reads,)* $last, $whole: Reads> OneBody<($($reads,)* $whole,)>
            for ($($arg,)* $last,)
        where
            readers!($($reads)* $whole): AtMostOne,
        {
        }

        #[diagnostic::do_not_recommend]
        impl<$($arg, $reads,)* $last, $whole> HeadOnly<($($reads,)* $whole,)>
            for ($($arg,)* $last,)
        where
            $($reads: Reads<Readers<Nobody> = Nobody>,)*
            $whole: Reads<Readers<Nobody> = Nobody>,
        {
        }
    };
}

arguments!(+ A1 R1);
arguments!(A1 R1 + A2 R2);
arguments!(A1 R1 A2 R2 + A3 R3);
arguments!(A1 R1 A2 R2 A3 R3 + A4 R4);
arguments!(A1 R1 A2 R2 A3 R3 A4 R4 + A5 R5);
arguments!(A1 R1 A2 R2 A3 R3 A4 R4 A5 R5 + A6 R6);
arguments!(A1 R1 A2 R2 A3 R3 A4 R4 A5 R5 A6 R6 + A7 R7);
arguments!(A1 R1 A2 R2 A3 R3 A4 R4 A5 R5 A6 R6 A7 R7 + A8 R8);
