//! Text and pictures to embeddings, without Python.
