"""Weights and tokenizers in and out: Hugging Face directories, GGUF files."""
