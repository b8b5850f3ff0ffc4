//! A learned model over the vector of the features.

use std::ops::Range;

use ndarray::Array2;

use super::EmbedError;
use super::kernel::{Finish, Keys, LANES, Lanes, Set};

/// Projections of the features' vector to queries and keys.
///
/// A file in the safetensors format, all tensors `F32`, of these names and shapes:
///
/// | tensor | shape | |
/// |---|---|---|
/// | `layers.0.weight`, `layers.1.weight`, ... | `[out, in]` | optional: layers below, each with ReLU behind it |
/// | `layers.0.bias`, ... | `[out]` | optional, as are all biases |
/// | `query.weight`, `query.bias` | `[dims, in]`, `[dims]` | queries |
/// | `key.weight`, `key.bias` | `[dims, in]`, `[dims]` | keys |
///
/// The first `in` is the dims of the features' vector. Without `query.weight` and `key.weight` the output
/// of the last layer, without its ReLU, is both query and key. The metadata may hold `heads` (1 by default;
/// it divides `dims`), `varpulis.features` (the digest of the embedding that the model was made for, 16
/// hexadecimal digits: another embedding is refused), `varpulis.version` (`1`).
#[derive(Clone, Debug)]
pub struct Model {
    pub(super) path: String,
    pub(super) layers: Vec<Dense>,
    /// Queries and keys; none if the last layer is both.
    pub(super) ends: Option<(Dense, Dense)>,
    pub(super) heads: Vec<Range<usize>>,
    pub(super) features: Option<u64>,
    pub(super) digest: u64,
}

/// A vector of the features, projected: per head a unit vector and the length it had.
pub(super) struct Projected {
    pub(super) query: Vec<f32>,
    pub(super) query_lengths: Vec<f32>,
    pub(super) key: Vec<f32>,
    pub(super) key_lengths: Vec<f32>,
}

impl Model {
    /// Dims of queries and keys.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.heads.last().map_or(0, |head| head.end)
    }

    /// Its heads.
    #[must_use]
    pub fn heads(&self) -> &[Range<usize>] {
        &self.heads
    }

    /// A hash of the file: FNV-1a, 64 bits, over its bytes.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Where it was read from.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it fits vectors of some dims that were made by an embedding of this digest.
    pub(super) fn check(&self, dims: usize, features: u64) -> Result<(), EmbedError> {
        let unfit = |why: String| EmbedError::Unfit {
            path: self.path.clone(),
            why,
        };
        let ends = self.ends.iter().map(|(query, _)| ("query.weight", query));
        let first = self
            .layers
            .iter()
            .map(|layer| ("layers.0.weight", layer))
            .chain(ends)
            .next();
        if let Some((name, dense)) = first.filter(|(_, dense)| dense.inputs != dims) {
            let (out, inputs) = (dense.outputs, dense.inputs);
            return Err(unfit(format!(
                "`{name}` has the shape [{out}, {inputs}], but the features of the embedding make a vector of {dims} \
                 numbers, for which it must be [{out}, {dims}]"
            )));
        }
        match self.features {
            Some(known) if known != features => Err(unfit(format!(
                "it was made for the features {known:016x}, and those of the embedding are {features:016x}"
            ))),
            _ => Ok(()),
        }
    }

    /// Projects a vector.
    pub(super) fn apply(&self, set: Set, vector: &[f32]) -> Projected {
        let mut x = vector.to_vec();
        for (at, layer) in self.layers.iter().enumerate() {
            x = layer.apply(set, &x);
            if at + 1 < self.layers.len() || self.ends.is_some() {
                x.iter_mut().for_each(|x| *x = if *x > 0.0 { *x } else { 0.0 });
            }
        }
        let (mut query, mut key) = match &self.ends {
            Some((query, key)) => (query.apply(set, &x), key.apply(set, &x)),
            None => (x.clone(), x),
        };
        Projected {
            query_lengths: self.to_units(&mut query),
            query,
            key_lengths: self.to_units(&mut key),
            key,
        }
    }

    /// Scales each head to length 1 and gives the lengths. What is 0, or too long to be a number, becomes 0.
    fn to_units(&self, vector: &mut [f32]) -> Vec<f32> {
        let unit = |head: &Range<usize>| {
            let head = &mut vector[head.clone()];
            let squares: f64 = head.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
            let length = squares.sqrt();
            let usable = length > 0.0 && (length as f32).is_finite();
            for x in head.iter_mut() {
                *x = if usable { (f64::from(*x) / length) as f32 } else { 0.0 };
            }
            if usable { length as f32 } else { 0.0 }
        };
        self.heads.iter().map(unit).collect()
    }
}

/// A matrix and a bias: outputs as lanes of tiles, so that the kernel multiplies in its one order.
#[derive(Clone, Debug)]
pub(super) struct Dense {
    lanes: Vec<Lanes>,
    bias: Vec<f32>,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
}

impl Dense {
    /// From a matrix `[outputs, inputs]` and a bias of as many outputs.
    pub(super) fn new(weight: &Array2<f32>, bias: Vec<f32>) -> Self {
        let (outputs, inputs) = weight.dim();
        let mut lanes = vec![[0.0; LANES]; outputs.div_ceil(LANES) * inputs];
        for ((output, input), x) in weight.indexed_iter() {
            lanes[output / LANES * inputs + input][output % LANES] = *x;
        }
        Self {
            lanes,
            bias,
            inputs,
            outputs,
        }
    }

    fn apply(&self, set: Set, x: &[f32]) -> Vec<f32> {
        let tiles = self.outputs.div_ceil(LANES);
        let mut out = vec![[0.0; LANES]; tiles];
        let keys = Keys {
            lanes: &self.lanes,
            dims: self.inputs,
            from: 0,
            to: self.inputs,
        };
        set.single(&keys, x, 0..tiles, Finish::Raw, &mut out);
        let mut out = out.as_flattened().to_vec();
        out.truncate(self.outputs);
        for (x, bias) in out.iter_mut().zip(&self.bias) {
            *x += bias;
        }
        out
    }
}
