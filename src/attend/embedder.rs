//! From the values of an event to its vector.

use std::ops::Range;
use std::sync::Arc;

use crate::data::Value;
use crate::ir;

use super::kernel::Set;
use super::layout::{Layout, Part};
use super::{EmbedError, Model};

/// Turns events into vectors, by the features of an embedding and perhaps a model over them.
///
/// The vector of an event consists of the blocks of its features, in the order of the heads. A block is a
/// unit vector times `sqrt(weight / sum of the weights of its head)`, so that the dot of two vectors within
/// a head is the weighted mean of the similarities of the features. A missing value makes a block of zeros,
/// which is unlike everything, another missing value too: nothing is scaled up in its place. With `lags: n` the
/// last n values of the partition make a block, the newest first, each over `sqrt(n)`.
///
/// A model has heads of its own and sees the features in their order, as one head.
#[derive(Clone, Debug)]
pub struct Embedder {
    pub(super) shared: Arc<Shared>,
}

/// What an embedder and its histories know.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) layout: Layout,
    pub(super) model: Option<Model>,
    pub(super) set: Set,
}

impl Shared {
    /// Dims of the vectors that are compared.
    pub(super) fn dims(&self) -> usize {
        self.model.as_ref().map_or(self.layout.dims, Model::dims)
    }

    /// The heads in those.
    pub(super) fn heads(&self) -> &[Range<usize>] {
        self.model.as_ref().map_or(&self.layout.heads, Model::heads)
    }

    /// What the sum over the heads is multiplied by.
    pub(super) fn mean(&self) -> f32 {
        1.0 / self.heads().len().max(1) as f32
    }
}

impl Embedder {
    /// The embedder of an embedding, with the model where there is one.
    ///
    /// # Errors
    /// Moments that are not known, numbers out of their range, a model that does not fit the features.
    pub fn new(embedding: &ir::Embedding, model: Option<Model>) -> Result<Self, EmbedError> {
        Self::with_set(embedding, model, Set::best())
    }

    /// The embedder that makes the vectors a model sees, to write them and make a model of them: the features
    /// in their order as one head, whatever the heads of the embedding.
    ///
    /// # Errors
    /// As [`Embedder::new`].
    pub fn before_model(embedding: &ir::Embedding) -> Result<Self, EmbedError> {
        Ok(Self {
            shared: Arc::new(Shared {
                layout: one_head(embedding)?,
                model: None,
                set: Set::best(),
            }),
        })
    }

    pub(super) fn with_set(embedding: &ir::Embedding, model: Option<Model>, set: Set) -> Result<Self, EmbedError> {
        let layout = match &model {
            Some(model) => {
                let layout = one_head(embedding)?;
                model.check(layout.dims, layout.digest)?;
                layout
            }
            None => Layout::new(&embedding.features, &embedding.heads)?,
        };
        Ok(Self {
            shared: Arc::new(Shared { layout, model, set }),
        })
    }

    /// The features in the vector, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.shared.layout.parts
    }

    /// Dims of the vector of the features: with all lags, before a model.
    #[must_use]
    pub fn feature_dims(&self) -> usize {
        self.shared.layout.dims
    }

    /// Dims of the vectors that are compared.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.shared.dims()
    }

    /// The heads: contiguous ranges of those dims.
    #[must_use]
    pub fn heads(&self) -> &[Range<usize>] {
        self.shared.heads()
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> Option<&Model> {
        self.shared.model.as_ref()
    }

    /// A hash of all that decides how values become the vector of the features: encodings, weights, lags,
    /// heads; not the names. The metadata of a model may name it as `varpulis.features`, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.shared.layout.digest
    }

    /// Dims of the blocks of one event, without those of earlier values: what [`Embedder::embed`] writes.
    #[must_use]
    pub fn block_dims(&self) -> usize {
        self.shared.layout.block_dims
    }

    /// Writes the blocks of one event: unit vectors, before weights and lags. There is a value for each
    /// feature, in the order of the embedding; one that is not there counts as null.
    pub fn embed(&self, values: &[Value], out: &mut [f32]) {
        for part in &self.shared.layout.parts {
            let value = values.get(part.feature).unwrap_or(&Value::Null);
            if let Some(block) = out.get_mut(part.block.clone()) {
                part.encoder.write(value, block);
            }
        }
    }
}

fn one_head(embedding: &ir::Embedding) -> Result<Layout, EmbedError> {
    Layout::new(&embedding.features, &[(0..embedding.features.len()).collect()])
}
