"""The policy network: decoder, attention, vocabulary head, packing of sequences, critic, FLOPs."""
