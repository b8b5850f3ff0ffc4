//! Why an embedding cannot be made.

/// Why an embedding or its model cannot be made. The texts are for people: one sentence, without a full
/// stop.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// The moments of a `normalize` are neither given nor taken from the input.
    #[error("the mean and standard deviation of `{feature}` are not known")]
    MomentsUnknown {
        /// The feature's name.
        feature: String,
    },
    /// A number that the language does not allow reached the embedding.
    #[error("`{feature}` has a {what} that is not a positive, finite number")]
    Unusable {
        /// The feature's name.
        feature: String,
        /// Which number.
        what: &'static str,
    },
    /// The vector would have more dims than can be held.
    #[error("an event would become a vector of {dims} numbers; {most} is the most")]
    TooLong {
        /// How many numbers there would be.
        dims: usize,
        /// How many there may be.
        most: usize,
    },
    /// The model's file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no safetensors file.
    #[error("`{path}` is not a safetensors file: {why}")]
    NotSafetensors {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// The file holds no model that can be used.
    #[error("the model in `{path}` does not fit: {why}")]
    Unfit {
        /// The file.
        path: String,
        /// What is wrong, with both shapes where shapes are.
        why: String,
    },
}
