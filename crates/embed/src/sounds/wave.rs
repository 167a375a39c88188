//! Sound files as numbers.

use std::{fs::File, path::Path};

use symphonia::{
    core::{
        codecs::audio::{AudioDecoderOptions, well_known::CODEC_ID_MP3},
        errors::Error,
        formats::{FormatOptions, TrackType, probe::Hint},
        io::MediaSourceStream,
        meta::MetadataOptions,
    },
    default::{get_codecs, get_probe},
};

use crate::{EmbedError, error::guarded};

/// A sound of one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Wave {
    rate: u32,
    samples: Vec<f32>,
}

impl Wave {
    /// A sound from its samples, which are of size one, and their number per second.
    pub fn new(rate: u32, samples: Vec<f32>) -> Self {
        Self { rate, samples }
    }

    /// Reads a WAV, FLAC, OGG Vorbis or MP3 file. Several channels become their mean.
    ///
    /// # Errors
    /// The file cannot be read, has another format, is empty or cut off, has no sound, or holds numbers that are not
    /// finite.
    pub fn open(path: &Path) -> Result<Self, EmbedError> {
        let damaged = |words| EmbedError::sound(path)(format!("its parts contradict each other ({words})"));
        guarded(|| Self::decoded(path)).unwrap_or_else(|words| Err(damaged(words)))
    }

    fn decoded(path: &Path) -> Result<Self, EmbedError> {
        let wrong = EmbedError::sound(path);
        let file = File::open(path).map_err(|error| EmbedError::read(path, error))?;
        let length = file.metadata().map_err(|error| EmbedError::read(path, error))?.len();
        if length == 0 {
            return Err(wrong("is empty; expected a WAV, FLAC, OGG or MP3 file".into()));
        }
        let unreadable = |error: Error| match error {
            Error::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                wrong("ends before its sound does; the file is cut off".into())
            }
            other => wrong(format!("not a readable WAV, FLAC, OGG Vorbis or MP3 file: {other}")),
        };
        let stream = MediaSourceStream::new(Box::new(file), Default::default());
        let mut hint = Hint::new();
        if let Some(extension) = path.extension().and_then(|extension| extension.to_str()) {
            hint.with_extension(extension);
        }
        let mut format = get_probe()
            .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
            .map_err(unreadable)?;
        let Some(track) = format.default_track(TrackType::Audio) else {
            return Err(wrong("has no track of sound".into()));
        };
        let (id, frames) = (track.id, track.num_frames);
        let Some(parameters) = track.codec_params.as_ref().and_then(|parameters| parameters.audio()) else {
            return Err(wrong("has no track of sound that can be decoded".into()));
        };
        // The number of frames of an MP3 file can be an estimate.
        let frames = frames.filter(|_| parameters.codec != CODEC_ID_MP3);
        let mut decoder =
            get_codecs().make_audio_decoder(parameters, &AudioDecoderOptions::default()).map_err(unreadable)?;
        let (mut rate, mut samples, mut packet_samples) = (None, Vec::new(), Vec::<f32>::new());
        while let Some(packet) = format.next_packet().map_err(unreadable)? {
            if packet.track_id != id {
                continue;
            }
            let decoded = decoder.decode(&packet).map_err(unreadable)?;
            let spec = decoded.spec();
            let (found, channels) = (spec.rate(), spec.channels().count());
            if rate.is_some_and(|rate| rate != found) {
                return Err(wrong(format!("changes its rate to {found} Hz; expected one rate")));
            }
            rate = Some(found);
            decoded.copy_to_vec_interleaved(&mut packet_samples);
            match channels {
                1 => samples.extend_from_slice(&packet_samples),
                _ => samples.extend(
                    packet_samples.chunks_exact(channels.max(1)).map(|all| all.iter().sum::<f32>() / all.len() as f32),
                ),
            }
        }
        if let Some(frames) = frames.filter(|frames| *frames > samples.len() as u64) {
            return Err(wrong(format!("is cut off: found {} of {frames} samples", samples.len())));
        }
        let Some(rate) = rate.filter(|rate| *rate > 0 && !samples.is_empty()) else {
            return Err(wrong("holds no sample; expected a sound".into()));
        };
        if let Some(at) = samples.iter().position(|sample| !sample.is_finite()) {
            return Err(wrong(format!("sample {} is not a finite number", at + 1)));
        }
        Ok(Self { rate, samples })
    }

    /// Samples per second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// All samples.
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }
}
