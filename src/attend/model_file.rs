//! Reads a model from a safetensors file.

use std::collections::BTreeSet;

use ndarray::Array2;
use safetensors::tensor::{Dtype, Metadata, SafeTensors};

use super::model::{Dense, Model};
use super::{EmbedError, hashing};

impl Model {
    /// Reads a model.
    ///
    /// # Errors
    /// A file that cannot be read, is of another format, or holds tensors of other names, types or shapes than
    /// [`Model`] says; the error names the tensor and prints the shape it has and the shape it should have.
    pub fn open(path: &str) -> Result<Self, EmbedError> {
        let bytes = std::fs::read(path).map_err(|source| EmbedError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::from_bytes(path, &bytes)
    }

    /// Reads a model from the bytes of a file; the path is for messages.
    ///
    /// # Errors
    /// As [`Model::open`].
    pub fn from_bytes(path: &str, bytes: &[u8]) -> Result<Self, EmbedError> {
        let broken = |error: safetensors::SafeTensorError| EmbedError::NotSafetensors {
            path: path.to_owned(),
            why: error.to_string(),
        };
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(broken)?;
        let file = File {
            path,
            tensors,
            metadata,
        };
        let mut model = file.model()?;
        model.digest = hashing::fnv(hashing::start(), bytes);
        Ok(model)
    }
}

struct File<'a> {
    path: &'a str,
    tensors: SafeTensors<'a>,
    metadata: Metadata,
}

impl File<'_> {
    fn unfit(&self, why: String) -> EmbedError {
        EmbedError::Unfit {
            path: self.path.to_owned(),
            why,
        }
    }

    fn said(&self, key: &str) -> Option<&str> {
        self.metadata.metadata().as_ref()?.get(key).map(String::as_str)
    }

    fn model(&self) -> Result<Model, EmbedError> {
        if let Some(version) = self.said("varpulis.version").filter(|version| *version != "1") {
            return Err(self.unfit(format!("its `varpulis.version` is `{version}`; `1` is known")));
        }
        let features = match self.said("varpulis.features") {
            None => None,
            Some(text) => Some(u64::from_str_radix(text, 16).map_err(|_| {
                self.unfit(format!(
                    "its `varpulis.features` is `{text}`, not 16 hexadecimal digits"
                ))
            })?),
        };
        self.check_names()?;
        let layers = self.layers()?;
        let inputs = layers.last().map(|layer| layer.outputs);
        let ends = match (self.has("query.weight"), self.has("key.weight")) {
            (true, true) => {
                let query = self.dense("query", inputs, None)?;
                let key = self.dense("key", Some(query.inputs), Some(query.outputs))?;
                Some((query, key))
            }
            (false, false) if !layers.is_empty() => None,
            (true, false) => return Err(self.unfit("`query.weight` is there, but no `key.weight`".to_owned())),
            (false, true) => return Err(self.unfit("`key.weight` is there, but no `query.weight`".to_owned())),
            (false, false) => {
                let why = "it has neither `query.weight` and `key.weight` nor `layers.0.weight`";
                return Err(self.unfit(why.to_owned()));
            }
        };
        let dims = ends.as_ref().map(|(query, _)| query.outputs).or(inputs).unwrap_or(0);
        Ok(Model {
            path: self.path.to_owned(),
            heads: self.heads(dims)?,
            layers,
            ends,
            features,
            digest: 0,
        })
    }

    fn heads(&self, dims: usize) -> Result<Vec<std::ops::Range<usize>>, EmbedError> {
        let text = self.said("heads").unwrap_or("1");
        let count = text
            .parse()
            .ok()
            .filter(|count| *count > 0 && dims.is_multiple_of(*count));
        let Some(count) = count.filter(|_| dims > 0) else {
            return Err(self.unfit(format!(
                "its `heads` is `{text}`, which must be a number that divides the {dims} dims of queries and keys"
            )));
        };
        let each = dims / count;
        Ok((0..count).map(|head| head * each..(head + 1) * each).collect())
    }

    fn has(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    /// A tensor that is not known is a mistake in the file, never passed over.
    fn check_names(&self) -> Result<(), EmbedError> {
        let mut known: BTreeSet<String> = ["query.weight", "query.bias", "key.weight", "key.bias"]
            .map(str::to_owned)
            .into();
        let layers = (0..).take_while(|n| self.has(&format!("layers.{n}.weight")));
        for n in layers {
            known.insert(format!("layers.{n}.weight"));
            known.insert(format!("layers.{n}.bias"));
        }
        let names: BTreeSet<&str> = self.tensors.names().into_iter().collect();
        match names.into_iter().find(|name| !known.contains(*name)) {
            Some(name) => Err(self.unfit(format!(
                "the tensor `{name}` is not known; known are `layers.N.weight` and `.bias` with N from 0 on without \
                 gaps, `query.weight` and `.bias`, `key.weight` and `.bias`"
            ))),
            None => Ok(()),
        }
    }

    fn layers(&self) -> Result<Vec<Dense>, EmbedError> {
        let mut layers: Vec<Dense> = Vec::new();
        while self.has(&format!("layers.{}.weight", layers.len())) {
            let inputs = layers.last().map(|layer| layer.outputs);
            layers.push(self.dense(&format!("layers.{}", layers.len()), inputs, None)?);
        }
        Ok(layers)
    }

    /// A matrix with its bias, of the inputs and outputs that are known already.
    fn dense(&self, name: &str, inputs: Option<usize>, outputs: Option<usize>) -> Result<Dense, EmbedError> {
        let weight = format!("{name}.weight");
        let (shape, values) = self.tensor(&weight)?;
        let text = |size: Option<usize>, other: &str| size.map_or_else(|| other.to_owned(), |size| size.to_string());
        let fits = |size: usize, wanted: Option<usize>| size > 0 && wanted.is_none_or(|wanted| wanted == size);
        let matrix = match shape[..] {
            [out, input] if fits(input, inputs) && fits(out, outputs) => {
                Array2::from_shape_vec((out, input), values).ok()
            }
            _ => None,
        };
        let Some(matrix) = matrix else {
            return Err(self.unfit(format!(
                "`{weight}` has the shape {shape:?}; it must be [{}, {}]",
                text(outputs, "out"),
                text(inputs, "in")
            )));
        };
        let bias = format!("{name}.bias");
        if !self.has(&bias) {
            return Ok(Dense::new(&matrix, Vec::new()));
        }
        let (shape, values) = self.tensor(&bias)?;
        if shape != [matrix.nrows()] {
            let wanted = matrix.nrows();
            return Err(self.unfit(format!("`{bias}` has the shape {shape:?}; it must be [{wanted}]")));
        }
        Ok(Dense::new(&matrix, values))
    }

    /// The shape and the values of a tensor of finite floats.
    fn tensor(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>), EmbedError> {
        let tensor = self
            .tensors
            .tensor(name)
            .map_err(|error| self.unfit(format!("`{name}`: {error}")))?;
        if tensor.dtype() != Dtype::F32 {
            return Err(self.unfit(format!("`{name}` holds {:?}; it must hold F32", tensor.dtype())));
        }
        let (words, _) = tensor.data().as_chunks::<4>();
        let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        if values.iter().any(|x| !x.is_finite()) {
            return Err(self.unfit(format!("`{name}` holds numbers that are not finite")));
        }
        Ok((tensor.shape().to_vec(), values))
    }
}
