//! What may leave for a person's eyes or ears.
