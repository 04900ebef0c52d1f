//! What the protocols of this room need of an atomic word, so that the same code runs on words of a segment and on those
//! of a model checker, which tries every order in which two ends may see each other's stores.

use super::shared::Word;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// An atomic word.
pub trait Atomic {
    /// What it holds.
    type Value;
    /// As [`AtomicU64::load`].
    fn load(&self, order: Ordering) -> Self::Value;
    /// As [`AtomicU64::store`].
    fn store(&self, value: Self::Value, order: Ordering);
    /// As [`AtomicU64::swap`].
    fn swap(&self, value: Self::Value, order: Ordering) -> Self::Value;
    /// As [`AtomicU64::fetch_or`].
    fn fetch_or(&self, value: Self::Value, order: Ordering) -> Self::Value;
    /// As [`fence`](std::sync::atomic::fence).
    fn fence(order: Ordering);
}

macro_rules! atomic {
    ($($word:ty: $value:ty),*) => {$(
        impl Atomic for $word {
            type Value = $value;
            #[inline]
            fn load(&self, order: Ordering) -> $value {
                <$word>::load(self, order)
            }
            #[inline]
            fn store(&self, value: $value, order: Ordering) {
                <$word>::store(self, value, order);
            }
            #[inline]
            fn swap(&self, value: $value, order: Ordering) -> $value {
                <$word>::swap(self, value, order)
            }
            #[inline]
            fn fetch_or(&self, value: $value, order: Ordering) -> $value {
                <$word>::fetch_or(self, value, order)
            }
            #[inline]
            fn fence(order: Ordering) {
                std::sync::atomic::fence(order);
            }
        }
    )*};
}

atomic!(AtomicU32: u32, AtomicU64: u64);

impl<T: Atomic> Atomic for &T {
    type Value = T::Value;
    #[inline]
    fn load(&self, order: Ordering) -> T::Value {
        (**self).load(order)
    }
    #[inline]
    fn store(&self, value: T::Value, order: Ordering) {
        (**self).store(value, order);
    }
    #[inline]
    fn swap(&self, value: T::Value, order: Ordering) -> T::Value {
        (**self).swap(value, order)
    }
    #[inline]
    fn fetch_or(&self, value: T::Value, order: Ordering) -> T::Value {
        (**self).fetch_or(value, order)
    }
    #[inline]
    fn fence(order: Ordering) {
        T::fence(order);
    }
}

impl<T: Atomic> Atomic for Word<T> {
    type Value = T::Value;
    #[inline]
    fn load(&self, order: Ordering) -> T::Value {
        (**self).load(order)
    }
    #[inline]
    fn store(&self, value: T::Value, order: Ordering) {
        (**self).store(value, order);
    }
    #[inline]
    fn swap(&self, value: T::Value, order: Ordering) -> T::Value {
        (**self).swap(value, order)
    }
    #[inline]
    fn fetch_or(&self, value: T::Value, order: Ordering) -> T::Value {
        (**self).fetch_or(value, order)
    }
    #[inline]
    fn fence(order: Ordering) {
        T::fence(order);
    }
}
