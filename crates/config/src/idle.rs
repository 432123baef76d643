//! Declares keys that are known but have no effect, grouped by the reason.

/// `NotYet "reason" { key = "default", … }`: a table of [`crate::key::IdleKey`].
macro_rules! idle {
    (
        $(#[$meta:meta])*
        $name:ident = { $($fate:ident $why:literal { $($key:ident = $default:literal),+ $(,)? })+ }
    ) => {
        $(#[$meta])*
        pub const $name: &[$crate::key::IdleKey] = &[
            $($($crate::key::IdleKey {
                name: stringify!($key),
                default: $default,
                fate: $crate::key::Fate::$fate,
                doc: $why,
            },)+)+
        ];
    };
}
pub(crate) use idle;

/// What people write although it is no key, and what to do instead.
pub const ADVICE: &[(&str, &str)] = &[
    (
        "storePathConsumeQueue",
        "the path is derived from `storePathRootDir`",
    ),
    (
        "storePathIndex",
        "the path is derived from `storePathRootDir`",
    ),
    (
        "storeCheckpoint",
        "the path is derived from `storePathRootDir`",
    ),
    ("abortFile", "the path is derived from `storePathRootDir`"),
    ("defaultReadQueueNums", "use `defaultTopicQueueNums`"),
    ("defaultWriteQueueNums", "use `defaultTopicQueueNums`"),
    (
        "filterServerNums",
        "filter servers were removed from RocketMQ",
    ),
    (
        "waitTimeMillsInQueue",
        "it is called `waitTimeMillsInSendQueue` today",
    ),
    (
        "mapedFileSizeConsumeQueueExt",
        "it is called `mappedFileSizeConsumeQueueExt` today",
    ),
];
