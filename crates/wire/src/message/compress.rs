//! Compressed bodies: which algorithm a `sysFlag` names, and bounded decompression.

use std::borrow::Cow;
use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use ruzstd::decoding::StreamingDecoder;
use thiserror::Error;

use super::sysflag;

/// Largest window of a ZSTD frame: what the format recommends every reader to support. A reader allocates the window that a
/// frame claims before it has seen any data.
const ZSTD_WINDOW_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Algorithm of a compressed body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompressionType {
    /// LZ4 frame format.
    Lz4,
    /// Zstandard.
    Zstd,
    /// zlib container.
    Zlib,
}

/// Why a body cannot be compressed or decompressed.
#[derive(Debug, Error)]
pub enum CompressError {
    /// The flag names an algorithm that does not exist.
    #[error("unknown compression type {0}, expected 1 (LZ4), 2 (ZSTD) or 3 (ZLIB)")]
    UnknownType(i32),
    /// The compressed data is damaged.
    #[error("cannot decompress {kind:?} data: {source}")]
    Damaged {
        /// Algorithm.
        kind: CompressionType,
        /// What the decompressor said.
        source: io::Error,
    },
    /// The result is larger than allowed.
    #[error("decompressed body exceeds the limit of {limit} bytes")]
    TooLong {
        /// Limit in bytes.
        limit: usize,
    },
}

impl CompressionType {
    /// Algorithm of a body with `sys_flag`; none if it is not compressed. No type bits mean zlib, as old clients write.
    ///
    /// # Errors
    /// The type bits name no algorithm.
    pub fn of(sys_flag: i32) -> Result<Option<Self>, CompressError> {
        if sys_flag & sysflag::COMPRESSED == 0 {
            return Ok(None);
        }
        match (sys_flag & sysflag::COMPRESSION_MASK) >> 8 {
            0 | 3 => Ok(Some(Self::Zlib)),
            1 => Ok(Some(Self::Lz4)),
            2 => Ok(Some(Self::Zstd)),
            other => Err(CompressError::UnknownType(other)),
        }
    }

    /// The `sysFlag` bits that say so.
    #[must_use]
    pub fn sys_flag(self) -> i32 {
        let kind = match self {
            Self::Lz4 => 1,
            Self::Zstd => 2,
            Self::Zlib => 3,
        };
        sysflag::COMPRESSED | kind << 8
    }

    /// Compresses `body`. `level` counts for zlib only (RocketMQ's default is 5).
    ///
    /// # Errors
    /// The compressor failed; not expected for data in memory.
    pub fn compress(self, body: &[u8], level: u32) -> Result<Vec<u8>, CompressError> {
        let done = match self {
            Self::Zlib => {
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level.min(9)));
                encoder.write_all(body).and_then(|()| encoder.finish())
            }
            Self::Lz4 => {
                let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                encoder
                    .write_all(body)
                    .and_then(|()| encoder.finish().map_err(io::Error::from))
            }
            Self::Zstd => Ok(ruzstd::encoding::compress_to_vec(
                body,
                ruzstd::encoding::CompressionLevel::Fastest,
            )),
        };
        done.map_err(|source| CompressError::Damaged { kind: self, source })
    }

    /// Decompresses `data` to at most `limit` bytes.
    ///
    /// # Errors
    /// The data is damaged or its content is longer than `limit`.
    pub fn decompress(self, data: &[u8], limit: usize) -> Result<Vec<u8>, CompressError> {
        let damaged = |source| CompressError::Damaged { kind: self, source };
        let mut out = Vec::new();
        match self {
            Self::Zlib => read_bounded(ZlibDecoder::new(data), limit, &mut out),
            Self::Lz4 => read_bounded(lz4_flex::frame::FrameDecoder::new(data), limit, &mut out),
            Self::Zstd => {
                let opened =
                    StreamingDecoder::new_with_max_window_size(data, ZSTD_WINDOW_BYTES_MAX);
                let decoder =
                    opened.map_err(|error| damaged(io::Error::other(error.to_string())))?;
                read_bounded(decoder, limit, &mut out)
            }
        }
        .map_err(damaged)?;
        if out.len() > limit {
            return Err(CompressError::TooLong { limit });
        }
        Ok(out)
    }
}

/// Reads up to one byte more than `limit`, so that the caller can tell "exactly" from "too long".
fn read_bounded(reader: impl Read, limit: usize, out: &mut Vec<u8>) -> io::Result<usize> {
    let most = (limit as u64).saturating_add(1);
    reader.take(most).read_to_end(out)
}

/// The plain body of a message with `sys_flag`: borrowed if it is not compressed.
///
/// # Errors
/// The flag names no algorithm, the data is damaged or its content is longer than `limit` bytes.
pub fn plain_body(
    sys_flag: i32,
    body: &[u8],
    limit: usize,
) -> Result<Cow<'_, [u8]>, CompressError> {
    match CompressionType::of(sys_flag)? {
        None => Ok(Cow::Borrowed(body)),
        Some(kind) => kind.decompress(body, limit).map(Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [CompressionType; 3] = [
        CompressionType::Lz4,
        CompressionType::Zstd,
        CompressionType::Zlib,
    ];

    #[test]
    fn every_type_round_trips_within_its_limit() {
        let body = b"ferromq ".repeat(2000);
        for kind in ALL {
            let packed = kind.compress(&body, 5).unwrap();
            assert!(packed.len() < body.len() / 2);
            let flag = kind.sys_flag();
            assert_eq!(CompressionType::of(flag).unwrap(), Some(kind));
            assert_eq!(plain_body(flag, &packed, body.len()).unwrap(), body);
            assert!(matches!(
                plain_body(flag, &packed, body.len() - 1),
                Err(CompressError::TooLong { .. })
            ));
        }
    }

    #[test]
    fn flags_name_their_algorithm() {
        assert_eq!(CompressionType::of(0x300).unwrap(), None);
        assert_eq!(
            CompressionType::of(0x1).unwrap(),
            Some(CompressionType::Zlib)
        );
        assert_eq!(CompressionType::Zlib.sys_flag(), 0x301);
        assert_eq!(CompressionType::Lz4.sys_flag(), 0x101);
        assert!(CompressionType::of(0x701).is_err());
        assert_eq!(plain_body(0, b"x", 0).unwrap(), &b"x"[..]);
    }

    #[test]
    fn damaged_data_is_an_error() {
        for kind in ALL {
            assert!(kind.decompress(b"not compressed at all", 100).is_err());
            let mut packed = kind.compress(&b"abc".repeat(500), 5).unwrap();
            packed.truncate(packed.len() / 2);
            assert!(kind.decompress(&packed, 10_000).is_err(), "{kind:?}");
        }
    }

    #[test]
    fn a_zstd_window_beyond_the_limit_is_refused() {
        // Magic, no single segment, window descriptor: exponent in the high five bits (2^10 upwards).
        let frame = |exponent: u8| {
            [
                0x28,
                0xB5,
                0x2F,
                0xFD,
                0x00,
                exponent << 3,
                0x01,
                0x00,
                0x00,
            ]
        };
        assert!(
            CompressionType::Zstd
                .decompress(&frame(13), 10)
                .unwrap()
                .is_empty()
        );
        let error = CompressionType::Zstd
            .decompress(&frame(14), 10)
            .unwrap_err();
        assert!(error.to_string().contains("cannot decompress"), "{error}");
    }

    #[test]
    fn a_bomb_costs_no_more_than_the_limit() {
        let zeros = vec![0_u8; 32 << 20];
        let packed = CompressionType::Zlib.compress(&zeros, 9).unwrap();
        assert!(packed.len() < 100_000);
        let error = CompressionType::Zlib.decompress(&packed, 1 << 20);
        assert!(matches!(error, Err(CompressError::TooLong { .. })));
    }
}
