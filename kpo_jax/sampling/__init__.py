"""Drawing responses: the reference sampler, and the engine that keeps its batch full."""
