//! Events as vectors, and which of them belong together: embeddings, scores, weights, nearest events.
//!
//! An [`Embedder`] turns the values of an event into a vector: a block per feature, grouped into heads,
//! perhaps through a [`Model`]. A [`History`] holds the vectors of the events of one partition and gives
//! scores and weights of consecutive events against the events before them. The functions over a row of
//! scores ([`energy`], [`top`], [`outlier`], [`clusters`]) and [`Ranks`] are what the language offers on
//! top; [`Ivf`] finds the nearest events of long windows without all scores.
//!
//! Invariant: the same events give the same bits on every machine, for any instruction set, any grouping
//! of queries and any number of threads. All sums have a fixed order (`kernel`), and no function of the
//! platform's mathematics library is called. Cost: `dims` multiply-adds per pair of events for scores,
//! one `exp` per pair and head on top for weights.

mod at;
mod clusters;
mod embedder;
mod encode;
mod error;
mod fourier;
mod hashing;
mod history;
mod ivf;
mod kernel;
mod kmeans;
mod layout;
mod model;
mod model_file;
mod nearest;
mod partition;
mod ranks;
mod rows;
mod scores;
mod shared;
mod tiles;
mod windows;

#[cfg(test)]
mod encode_tests;
#[cfg(test)]
mod ivf_tests;
#[cfg(test)]
mod tests;

pub use clusters::clusters;
pub use embedder::Embedder;
pub use error::EmbedError;
pub use fourier::{AMPLITUDES, FREQUENCIES};
pub use history::History;
pub use ivf::{Ivf, Recall};
pub use layout::Part;
pub use model::Model;
pub use nearest::{energy, outlier, top};
pub use ranks::Ranks;
pub use scores::Scores;
pub use shared::{Erred, Leaf, RowAt, leaves};
pub use windows::{Added, Attending, Passed};
